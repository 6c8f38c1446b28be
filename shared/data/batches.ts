/** Which examples each local step uses: shuffled afresh for every epoch, from the client's own stream. */
import type { RandomStream } from '../math/rng.js';

/** How long a client trains in a round: whole passes over its shard, or a number of steps. */
export type LocalWork = { readonly localEpochs: number } | { readonly localSteps: number };

/** Batches, step after step. */
export interface BatchOrder {
  /** Indices into the shard; length = Σ batchSizes. */
  readonly order: Uint32Array;
  /** [steps] */
  readonly batchSizes: Uint32Array;
}

/**
 * Cuts each shuffled epoch into ⌈n/B⌉ batches of B examples, the last with what is left. Local steps take the first
 * batches of as many epochs as they need.
 *
 * @param examples n, the size of the shard, ≥ 1
 * @param batchSize B, 1..n
 */
export function orderBatches(examples: number, batchSize: number, work: LocalWork, random: RandomStream): BatchOrder {
  const perEpoch = Math.ceil(examples / batchSize);
  const steps = 'localSteps' in work ? work.localSteps : work.localEpochs * perEpoch;
  const batchSizes = new Uint32Array(steps);
  const order = new Uint32Array(Math.ceil(steps / perEpoch) * examples);
  let used = 0;
  for (let step = 0; step < steps; step++) {
    const within = step % perEpoch;
    if (within === 0) shuffledEpoch(order.subarray(used, used + examples), random);
    batchSizes[step] = Math.min(batchSize, examples - within * batchSize);
    used += batchSizes[step];
  }
  return { order: order.slice(0, used), batchSizes };
}

function shuffledEpoch(place: Uint32Array, random: RandomStream): void {
  for (let index = 0; index < place.length; index++) place[index] = index;
  random.shuffle(place);
}
