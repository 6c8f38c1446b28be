/**
 * How far a run will have come: planned from the schedules, not observed, so that it is pure, known beforehand and the
 * same in every pool. The client it speaks of has the mean shard, n/C examples, which need not be whole.
 */

/** What decides how long a client works in a round. */
export interface LocalWorkload {
  /** B, or the whole shard. */
  readonly batchSize: number | 'full';
  /** E; one of the two is given. */
  readonly localEpochs?: number | undefined;
  /** K. */
  readonly localSteps?: number | undefined;
}

/** Local steps of a client with a shard of `shard` examples: K, or E · ⌈shard/B⌉. */
export function plannedSteps({ batchSize, localEpochs, localSteps }: LocalWorkload, shard: number): number {
  if (localSteps !== undefined) return localSteps;
  return (localEpochs ?? 1) * batchesOf(batchSize, shard);
}

/** Examples that such a client uses, each counted once for each use; the last batch of an epoch has what is left. */
export function plannedExamples(work: LocalWorkload, shard: number): number {
  const { localEpochs, localSteps } = work;
  if (localSteps === undefined) return (localEpochs ?? 1) * shard;
  // Only here, where it matters: a batch size may itself count examples.
  const { batchSize } = work;
  const perEpoch = batchesOf(batchSize, shard);
  const within = localSteps % perEpoch;
  const batch = batchSize === 'full' ? shard : batchSize;
  return Math.floor(localSteps / perEpoch) * shard + Math.min(within * batch, shard);
}

function batchesOf(batchSize: number | 'full', shard: number): number {
  return batchSize === 'full' ? 1 : Math.max(1, Math.ceil(shard / batchSize));
}

/**
 * Σ of `amount` over the rounds before `round`. Every amount is computed once, in order of rounds; an amount may look at
 * the sum before its own round, and not further: then `refuse` throws.
 */
export function runningSum(amount: (round: number) => number, refuse: () => never): (round: number) => number {
  const sums = [0];
  let busy = false;
  return (round) => {
    if (round < sums.length) return sums[round];
    if (busy) refuse();
    busy = true;
    try {
      while (sums.length <= round) sums.push(sums[sums.length - 1] + amount(sums.length - 1));
    } finally {
      busy = false;
    }
    return sums[round];
  };
}
