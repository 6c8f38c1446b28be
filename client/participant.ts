/**
 * Hosts a part of the population and answers one task at a time. Knows neither sockets nor threads: the inline pool
 * calls it directly, a training thread calls it on behalf of a connection.
 */
import type { Dataset } from '../shared/data/dataset.js';
import type { Kernels } from '../shared/kernels/kernels.js';
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
  return {
    answer: (plan, client, weights) =>
      trainLocally(core, { plan, client, weights, shard: shardOf(client), seed, now: () => performance.now() }),
  };
}
