/**
 * Independent and identically distributed: every client's shard is a uniform draw, without replacement, from all examples.
 *
 * Source: McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data", section 3,
 * "IID, where the data is shuffled, and then partitioned".
 */
import { z } from 'zod';
import { stream } from '../../math/rng.js';
import { checkClients, evenCuts, indicesBelow, orderedPartition, type Partition } from './ordered.js';

export const iidSchema = z
  .strictObject({
    kind: z.literal('iid'),
    clients: z.int().min(1).max(1_000_000).describe('Population: number of clients among which examples are divided.'),
  })
  .describe('Every client draws its examples from the same shuffled whole (McMahan et al. 2017).');

export type IidSpec = z.output<typeof iidSchema>;

/**
 * One seeded permutation of n examples, cut at ⌊c·n/C⌋: sizes differ by at most 1.
 *
 * @param labels [n]; only their number matters here
 * @param seed of the run; the draw is `stream(seed, 'partition')`
 * @throws FedtempoError PARTITION_INVALID when there are more clients than examples
 */
export function createIid({ clients }: IidSpec, labels: Int32Array, seed: number): Partition {
  checkClients(clients, labels.length);
  const order = indicesBelow(labels.length);
  stream(seed, 'partition').shuffle(order);
  return orderedPartition(order, evenCuts(labels.length, clients));
}
