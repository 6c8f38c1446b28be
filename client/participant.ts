/**
 * Hosts a part of the population and answers one task at a time. Knows neither sockets nor threads: the inline pool
 * calls it directly, a training thread calls it on behalf of a connection or a worker pool.
 */
import type { Dataset } from '../shared/data/dataset.js';
import type { EvaluationTotals, Kernels } from '../shared/kernels/kernels.js';
import { trainLocally } from '../shared/training/local-training.js';
import type { Update } from '../shared/training/reply.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { ClientData } from './load-data.js';

export interface Participant {
  /**
   * Trains one hosted client.
   *
   * @param weights global weights [p], left as they are
   */
  answer(plan: RoundPlan, client: number, weights: Float32Array): Update;
  /** Evaluates weights [p] on the test examples from .. to − 1. */
  evaluate(weights: Float32Array, from: number, to: number): EvaluationTotals;
}

/** Makes a participant. A shard's examples are made when its client is first drawn, and kept. */
export function createParticipant(
  { model, partition, source }: ClientData,
  kernels: Kernels,
  seed: number,
): Participant {
  const core = kernels.createCore(model);
  const shards = new Map<number, Dataset>();
  const shardOf = (client: number): Dataset => {
    const known = shards.get(client);
    if (known !== undefined) return known;
    const shard = source.train.select(partition.shardOf(client));
    shards.set(client, shard);
    return shard;
  };
  let testPart: { from: number; to: number; examples: Dataset } | undefined;
  return {
    answer: (plan, client, weights) =>
      trainLocally(core, { plan, client, weights, shard: shardOf(client), seed, now: () => performance.now() }),
    evaluate: (weights, from, to) => {
      if (testPart?.from !== from || testPart.to !== to) {
        const rows = Uint32Array.from({ length: to - from }, (_, index) => from + index);
        testPart = { from, to, examples: source.test.select(rows) };
      }
      core.load(testPart.examples);
      return core.evaluate(weights);
    },
  };
}
