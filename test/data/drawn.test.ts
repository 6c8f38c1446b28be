import fc from 'fast-check';
import { createDrawn, type DrawnSpec, drawnSchema } from 'fedtempo/shared/data/partition/drawn.js';
import { partitionSchema } from 'fedtempo/shared/data/partition/partition.js';
import { expect, test } from 'vitest';
import { chiSquare, chiSquareBound } from '../math/chi-square.js';

const BILLION = 1_000_000_000;
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** 40 examples of each of five labels, of which 3 does not occur. */
const labels = Int32Array.from({ length: 200 }, (_, index) => [0, 1, 2, 4, 5][index % 5]);
const drawn = (rest: Omit<DrawnSpec, 'kind'>, seed = 1) => createDrawn({ kind: 'drawn', ...rest }, labels, seed);
const labelsOf = (shard: Uint32Array) => Array.from(shard, (index) => labels[index]);
const countsOf = (shard: Uint32Array) => {
  const counts = new Map<number, number>();
  for (const label of labelsOf(shard)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
};

const specs = fc.record(
  {
    examples: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).map((both) => ({
        min: Math.min(...both),
        max: Math.max(...both),
      })),
    ),
    labels: fc.integer({ min: 1, max: 5 }),
    alpha: fc.constantFrom(0.001, 0.1, 1, 100),
  },
  { requiredKeys: ['examples'] },
);
const clients = fc.oneof(fc.nat(1000), fc.nat(BILLION - 1));

test('a shard is a pure function of seed and client: whoever asked before, and for what, changes nothing', () => {
  fc.assert(
    fc.property(specs, seeds, clients, clients, (spec, seed, client, other) => {
      const shard = drawn({ clients: BILLION, ...spec }, seed).shardOf(client);
      const later = drawn({ clients: BILLION, ...spec }, seed);
      later.shardOf(other);
      later.sizeOf(client);
      expect(later.shardOf(client)).toEqual(shard);
    }),
  );
});

test('a shard has its size, within the range asked for, of distinct examples that exist', () => {
  fc.assert(
    fc.property(specs, seeds, clients, (spec, seed, client) => {
      const partition = drawn({ clients: BILLION, ...spec }, seed);
      const shard = partition.shardOf(client);
      const { min, max } =
        typeof spec.examples === 'number' ? { min: spec.examples, max: spec.examples } : spec.examples;
      expect(partition.sizeOf(client)).toBe(shard.length);
      expect(shard.length).toBeGreaterThanOrEqual(min);
      expect(shard.length).toBeLessThanOrEqual(max);
      expect(new Set(shard).size).toBe(shard.length);
      expect(shard.every((index) => index < 200)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a client has as many labels as asked for, in numbers that differ by at most 1', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 5, max: 40 }),
      seeds,
      clients,
      (few, n, seed, client) => {
        const counts = [
          ...countsOf(drawn({ clients: BILLION, examples: n, labels: few }, seed).shardOf(client)).values(),
        ];
        expect(counts).toHaveLength(few);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('with a concentration too, a client has at most as many labels', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), seeds, clients, (few, seed, client) => {
      const shard = drawn({ clients: BILLION, examples: 30, labels: few, alpha: 1 }, seed).shardOf(client);
      expect(countsOf(shard).size).toBeLessThanOrEqual(few);
    }),
  );
});

/** Over many clients: how often each example is drawn, and each size. */
function census(spec: Omit<DrawnSpec, 'kind' | 'clients'>, population: number) {
  const partition = drawn({ clients: population, ...spec }, 77);
  const examples = new Array<number>(200).fill(0);
  const sizes = new Map<number, number>();
  for (let client = 0; client < population; client++) {
    const shard = partition.shardOf(client);
    sizes.set(shard.length, (sizes.get(shard.length) ?? 0) + 1);
    for (const index of shard) examples[index] += 1;
  }
  return { examples, sizes: [...sizes.values()] };
}

test.each([
  ['one example each', { examples: 1 }],
  ['seven of any label', { examples: 7 }],
  ['seven of two labels', { examples: 7, labels: 2 }],
])('over many clients every example is drawn equally often: %s', (_, spec) => {
  expect(chiSquare(census(spec, 6000).examples)).toBeLessThan(chiSquareBound(200));
});

test('over many clients every size of the range is equally frequent', () => {
  const { sizes } = census({ examples: { min: 3, max: 12 } }, 6000);
  expect(sizes).toHaveLength(10);
  expect(chiSquare(sizes)).toBeLessThan(chiSquareBound(10));
});

test('over many clients every label is chosen equally often, also the first in the file and one after a gap', () => {
  const partition = drawn({ clients: 6000, examples: 1, labels: 1 }, 5);
  const counts = new Map<number, number>();
  for (let client = 0; client < 6000; client++) {
    const [label] = labelsOf(partition.shardOf(client));
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 4, 5]);
  expect(chiSquare([...counts.values()])).toBeLessThan(chiSquareBound(5));
});

test('the variance of a label’s count is that of the Dirichlet-multinomial distribution', () => {
  const [n, k, population] = [30, 5, 6000];
  for (const alpha of [0.2, 1, 20]) {
    const partition = drawn({ clients: population, examples: n, alpha }, 9);
    let squares = 0;
    for (let client = 0; client < population; client++) {
      squares += ((countsOf(partition.shardOf(client)).get(4) ?? 0) - n / k) ** 2;
    }
    // n p (1 − p) (n + kα)/(1 + kα) with p = 1/k (Mosimann 1962).
    const expected = (n * (1 / k) * (1 - 1 / k) * (n + k * alpha)) / (1 + k * alpha);
    expect(squares / population / expected).toBeGreaterThan(0.9);
    expect(squares / population / expected).toBeLessThan(1.1);
  }
});

test('the examples of all clients are their number times the mean shard', () => {
  expect(drawn({ clients: 1_000_000, examples: 30 }).examples).toBe(30_000_000);
  expect(drawn({ clients: BILLION, examples: { min: 10, max: 31 } }).examples).toBe(20_500_000_000);
});

test('a billion clients are asked one by one, and one more does not exist', () => {
  const partition = drawn({ clients: BILLION, examples: { min: 1, max: 5 } });
  expect(partition.clients).toBe(BILLION);
  expect(partition.shardOf(BILLION - 1).length).toBe(partition.sizeOf(BILLION - 1));
  for (const client of [-1, BILLION, 0.5, Number.NaN]) {
    expect(() => partition.sizeOf(client)).toThrow(RangeError);
    expect(() => partition.shardOf(client)).toThrow(RangeError);
  }
});

test.each<[string, Omit<DrawnSpec, 'kind'>, string, RegExp]>([
  ['a range that falls', { clients: 2, examples: { min: 5, max: 4 } }, 'examples', /5 to 4/],
  ['more examples than there are', { clients: 2, examples: 201 }, 'examples', /201 examples of 200/],
  [
    'more of one label than there may be',
    { clients: 2, examples: { min: 1, max: 81 }, labels: 2 },
    'examples',
    /41 of one label.*40/,
  ],
  [
    'a whole shard of one label, which a concentration allows',
    { clients: 2, examples: 41, alpha: 1 },
    'examples',
    /41 of one label/,
  ],
  ['more labels than occur', { clients: 2, examples: 6, labels: 6 }, 'labels', /6[\s\S]*at most 5/],
  ['no clients', { clients: 0, examples: 6 }, 'clients', /0/],
])('%s is one clear error', (_, spec, key, message) => {
  expect(() => drawn(spec)).toThrow(message);
  expect(() => drawn(spec)).toThrow(
    expect.objectContaining({
      code: 'PARTITION_INVALID',
      details: expect.objectContaining({ where: `data.partition.${key}` }),
    }),
  );
});

test('the schema takes a size or a range, and refuses the rest', () => {
  const base = { kind: 'drawn', clients: BILLION };
  expect(partitionSchema.parse({ ...base, examples: 60, labels: 2 })).toEqual({ ...base, examples: 60, labels: 2 });
  expect(drawnSchema.parse({ ...base, examples: { min: 1, max: 9 }, alpha: 0.3 }).alpha).toBe(0.3);
  for (const wrong of [
    {},
    { examples: 0 },
    { examples: { min: 3 } },
    { examples: 6, labels: 0 },
    { examples: 6, alpha: 0 },
  ]) {
    expect(drawnSchema.safeParse({ ...base, ...wrong }).success).toBe(false);
  }
  expect(drawnSchema.safeParse({ ...base, clients: BILLION + 1, examples: 1 }).success).toBe(false);
});
