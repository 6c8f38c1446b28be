/**
 * Every client brings its own examples: nobody divides anything, and how many a client has it says itself.
 *
 * The number of its examples is all that is ever known of a shard here; its rows are with the client.
 */
import { z } from 'zod';
import { checkCount, type Partition, withinPopulation } from './ordered.js';

export const ownSchema = z
  .strictObject({
    kind: z.literal('own'),
    clients: z.int().min(1).max(1_000_000).describe('Population: the most clients that may take part.'),
  })
  .describe('Clients bring examples of their own. With dataset own.');

export type OwnPartitionSpec = z.output<typeof ownSchema>;

/** The most examples of one client: those of the largest population together, 10^14, still fit the exact mean (2^47). */
export const MAX_OWN_EXAMPLES = 100_000_000;

/** A partition whose sizes come in while the run is under way. Costs 8 bytes and little more for each size declared. */
export interface OwnPartition extends Partition {
  /**
   * What a client says it has; what it said before no longer holds.
   *
   * @param examples n_k, 1..MAX_OWN_EXAMPLES
   * @throws RangeError for a client outside 0..C − 1 or a number of examples out of range
   */
  declare(client: number, examples: number): void;
  /** n_k, or 0 until the client has declared it. */
  sizeOf(client: number): number;
}

/**
 * @param examples about how many all clients have together
 * @throws FedtempoError PARTITION_INVALID for a population that is no count
 */
export function ownPartition({ clients }: OwnPartitionSpec, examples: number): OwnPartition {
  checkCount('clients', clients);
  const sizes = new Map<number, number>();
  return {
    clients,
    examples,
    declare: (client, count) => {
      if (!Number.isInteger(count) || count < 1 || count > MAX_OWN_EXAMPLES) {
        throw new RangeError(`${count} is no number of examples from 1 to ${MAX_OWN_EXAMPLES}`);
      }
      sizes.set(withinPopulation(client, clients), count);
    },
    sizeOf: (client) => sizes.get(withinPopulation(client, clients)) ?? 0,
    shardOf: (client) => {
      throw new RangeError(`the examples of client ${withinPopulation(client, clients)} are with the client`);
    },
  };
}

/** All of a client's rows, as the shard of the one client it is: what a participant with data of its own trains on. */
export function wholeAsShard(client: number, examples: number): Partition {
  const only = (asked: number): void => {
    if (asked !== client) throw new RangeError(`client ${asked} is not client ${client}, whose data these are`);
  };
  return {
    clients: 1,
    examples,
    sizeOf: (asked) => {
      only(asked);
      return examples;
    },
    shardOf: (asked) => {
      only(asked);
      return Uint32Array.from({ length: examples }, (_, row) => row);
    },
  };
}
