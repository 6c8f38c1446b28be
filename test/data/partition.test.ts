import fc from 'fast-check';
import {
  createPartition,
  type Partition,
  type PartitionSpec,
  partitionKinds,
  partitionSchema,
} from 'fedtempo/shared/data/partition/partition.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { describe, expect, test } from 'vitest';

const labelsOf = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 200 })
  .map((all) => Int32Array.from(all));
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const all = (partition: Partition) =>
  Array.from({ length: partition.clients }, (_, client) => [...partition.shardOf(client)]);

/** A spec of each kind that n examples suffice for. */
const specs: Record<Exclude<PartitionSpec['kind'], 'own'>, (n: number, pick: number) => PartitionSpec> = {
  drawn: (n, pick) => ({ kind: 'drawn', clients: 1 + (pick % 300), examples: { min: 1 + (pick % n), max: n } }),
  iid: (n, pick) => ({ kind: 'iid', clients: 1 + (pick % n) }),
  shards: (n, pick) => {
    const clients = 1 + (pick % n);
    return { kind: 'shards', clients, shardsPerClient: 1 + (pick % Math.floor(n / clients)) };
  },
};

/** Kinds that give clients examples; of `own` the clients have them, see own-partition.test.ts. */
const dealing = partitionKinds.filter((kind) => kind !== 'own');

test('every kind is held to the laws', () => {
  expect(Object.keys(specs).sort()).toEqual([...dealing].sort());
});

describe.each(['iid', 'shards'] as const)('%s divides', (kind) => {
  test('every example goes to exactly one client', () => {
    fc.assert(
      fc.property(labelsOf, fc.nat(), seeds, (labels, pick, seed) => {
        const spec = specs[kind](labels.length, pick);
        const partition = createPartition(spec, labels, seed);
        expect(partition.clients).toBe(spec.clients);
        const dealt = all(partition).flat();
        expect(dealt.sort((a, b) => a - b)).toEqual(Array.from(labels, (_, index) => index));
        expect(partition.examples).toBe(labels.length);
      }),
    );
  });
});

describe.each(dealing)('%s', (kind) => {
  test('a size is the length of the shard, and no client goes without', () => {
    fc.assert(
      fc.property(labelsOf, fc.nat(), seeds, (labels, pick, seed) => {
        const partition = createPartition(specs[kind](labels.length, pick), labels, seed);
        for (let client = 0; client < partition.clients; client++) {
          expect(partition.sizeOf(client)).toBe(partition.shardOf(client).length);
          expect(partition.sizeOf(client)).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('the same seed gives the same shards', () => {
    fc.assert(
      fc.property(labelsOf, fc.nat(), seeds, (labels, pick, seed) => {
        const spec = specs[kind](labels.length, pick);
        expect(all(createPartition(spec, labels, seed))).toEqual(all(createPartition(spec, labels, seed)));
      }),
    );
  });

  test('another seed gives other shards', () => {
    const labels = Int32Array.from({ length: 100 }, (_, index) => index % 10);
    const spec = specs[kind](100, 19);
    expect(all(createPartition(spec, labels, 1))).not.toEqual(all(createPartition(spec, labels, 2)));
  });

  test('a shard is the caller’s own: writing to it changes nothing', () => {
    const partition = createPartition(specs[kind](10, 1), new Int32Array(10), 5);
    const before = [...partition.shardOf(0)];
    partition.shardOf(0).fill(99);
    expect([...partition.shardOf(0)]).toEqual(before);
  });

  test('a client that does not exist is a range error', () => {
    const partition = createPartition(specs[kind](10, 1), new Int32Array(10), 5);
    for (const client of [-1, 2, 0.5, Number.NaN]) {
      expect(() => partition.sizeOf(client)).toThrow(RangeError);
      expect(() => partition.shardOf(client)).toThrow(RangeError);
    }
  });
});

test('sizes of iid shards differ by at most 1 and follow ⌊c·n/C⌋', () => {
  fc.assert(
    fc.property(labelsOf, fc.nat(), seeds, (labels, pick, seed) => {
      const n = labels.length;
      const clients = 1 + (pick % n);
      const partition = createPartition({ kind: 'iid', clients }, labels, seed);
      for (let client = 0; client < clients; client++) {
        const expected = Math.floor(((client + 1) * n) / clients) - Math.floor((client * n) / clients);
        expect(partition.sizeOf(client)).toBe(expected);
      }
    }),
  );
});

test('iid mixes labels that come sorted', () => {
  const labels = Int32Array.from({ length: 6000 }, (_, index) => Math.floor(index / 600));
  const partition = createPartition({ kind: 'iid', clients: 10 }, labels, 1);
  for (const shard of all(partition)) {
    const seen = new Array<number>(10).fill(0);
    for (const index of shard) seen[labels[index]]++;
    // 600 draws at probability 1/10: mean 60, standard deviation 7.0; five of those either way.
    for (const times of seen) expect(Math.abs(times - 60)).toBeLessThan(35);
  }
});

test('shards hold whole runs of the examples sorted by label, order kept within a label', () => {
  const labels = Int32Array.of(2, 0, 1, 0, 2, 1, 0, 1);
  // Sorted by label: 1 3 6 | 2 5 7 | 0 4. Four runs of two: [1 3] [6 2] [5 7] [0 4].
  const partition = createPartition({ kind: 'shards', clients: 2, shardsPerClient: 2 }, labels, 3);
  const runs = all(partition).flatMap((shard) => [shard.slice(0, 2), shard.slice(2)]);
  expect(runs.map((run) => run.join(' ')).sort()).toEqual(['0 4', '1 3', '5 7', '6 2']);
});

test('a client of two shards sees at most four labels where labels are as many as a shard', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 20 }), (seed, clients) => {
      const labels = Int32Array.from({ length: clients * 20 }, (_, index) => index % 4);
      const partition = createPartition({ kind: 'shards', clients, shardsPerClient: 2 }, labels, seed);
      for (const shard of all(partition)) {
        expect(new Set(shard.map((index) => labels[index])).size).toBeLessThanOrEqual(4);
      }
    }),
  );
});

test.each<[string, PartitionSpec, string, string]>([
  ['more clients than examples', { kind: 'iid', clients: 9 }, 'data.partition.clients', '9 clients, 8 examples'],
  [
    'more clients than examples',
    { kind: 'shards', clients: 9, shardsPerClient: 2 },
    'data.partition.clients',
    '9 clients, 8 examples',
  ],
  [
    'more shards than examples',
    { kind: 'shards', clients: 3, shardsPerClient: 3 },
    'data.partition',
    '3 clients × 3 shards each = 9 shards, 8 examples',
  ],
  ['no clients', { kind: 'iid', clients: 0 }, 'data.partition.clients', '0'],
  ['half a client', { kind: 'iid', clients: 1.5 }, 'data.partition.clients', '1.5'],
  ['no shards', { kind: 'shards', clients: 2, shardsPerClient: 0 }, 'data.partition.shardsPerClient', '0'],
  ['an unknown kind', { kind: 'dirichle' } as unknown as PartitionSpec, 'data.partition.kind', 'dirichle'],
])('%s is one clear error (%j)', (_, spec, where, found) => {
  const attempt = () => createPartition(spec, new Int32Array(8), 1);
  expect(attempt).toThrow(FedtempoError);
  expect(attempt).toThrow(expect.objectContaining({ code: 'PARTITION_INVALID' }));
  expect(attempt).toThrow(expect.objectContaining({ details: expect.objectContaining({ where, found }) }));
});

test('the schema fills two shards a client and refuses unknown keys and kinds', () => {
  expect(partitionSchema.parse({ kind: 'shards', clients: 100 })).toEqual({
    kind: 'shards',
    clients: 100,
    shardsPerClient: 2,
  });
  expect(partitionSchema.safeParse({ kind: 'iid', clients: 100, shardsPerClient: 2 }).success).toBe(false);
  expect(partitionSchema.safeParse({ kind: 'iid', clients: 0 }).success).toBe(false);
  expect(partitionSchema.safeParse({ kind: 'dirichle', clients: 1 }).success).toBe(false);
});
