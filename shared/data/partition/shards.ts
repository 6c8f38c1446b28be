/**
 * McMahan's pathological non-IID partition: most clients hold examples of very few labels.
 *
 * Source: McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized Data", section 3,
 * "we first sort the data by digit label, divide it into 200 shards of size 300, and assign each of 100 clients 2
 * shards". What the paper calls a shard is called a run here, since elsewhere a shard is all that one client holds.
 */
import { z } from 'zod';
import { FedtempoError } from '../../errors.js';
import { stream } from '../../math/rng.js';
import { checkClients, checkCount, evenCuts, indicesBelow, orderedPartition, type Partition } from './ordered.js';

export const shardsSchema = z
  .strictObject({
    kind: z.literal('shards'),
    clients: z.int().min(1).max(1_000_000).describe('Population: number of clients among which examples are divided.'),
    shardsPerClient: z.int().min(1).max(1_000).default(2).describe('Label-sorted runs dealt to each client.'),
  })
  .describe('Examples sorted by label, cut into equal runs, a few dealt to each client (McMahan et al. 2017).');

export type ShardsSpec = z.output<typeof shardsSchema>;

/**
 * Sorts by label (stable), cuts at ⌊s·n/S⌋ into S = C·shardsPerClient runs, and deals them by a seeded permutation.
 *
 * Sizes of runs differ by at most 1. Where every label has at least n/S examples, a client sees at most
 * 2·shardsPerClient labels.
 *
 * @param labels [n]
 * @param seed of the run; the draw is `stream(seed, 'partition')`
 * @throws FedtempoError PARTITION_INVALID when there are more clients, or more runs, than examples
 */
export function createShards({ clients, shardsPerClient }: ShardsSpec, labels: Int32Array, seed: number): Partition {
  const n = labels.length;
  checkRuns(clients, shardsPerClient, n);
  const sorted = indicesBelow(n).sort((a, b) => labels[a] - labels[b] || a - b);
  const runCuts = evenCuts(n, clients * shardsPerClient);
  const dealt = indicesBelow(clients * shardsPerClient);
  stream(seed, 'partition').shuffle(dealt);

  const order = new Uint32Array(n);
  const cuts = new Uint32Array(clients + 1);
  let filled = 0;
  for (let client = 0; client < clients; client++) {
    for (const run of dealt.subarray(client * shardsPerClient, (client + 1) * shardsPerClient)) {
      order.set(sorted.subarray(runCuts[run], runCuts[run + 1]), filled);
      filled += runCuts[run + 1] - runCuts[run];
    }
    cuts[client + 1] = filled;
  }
  return orderedPartition(order, cuts);
}

function checkRuns(clients: number, shardsPerClient: number, examples: number): void {
  checkClients(clients, examples);
  checkCount('shardsPerClient', shardsPerClient);
  const runs = clients * shardsPerClient;
  if (runs <= examples) return;
  throw new FedtempoError('PARTITION_INVALID', 'more shards than training examples', {
    where: 'data.partition',
    found: `${clients} clients × ${shardsPerClient} shards each = ${runs} shards, ${examples} examples`,
    expected: `clients × shardsPerClient at most ${examples}`,
    fix: 'lower data.partition.clients or data.partition.shardsPerClient, or use a larger dataset',
  });
}
