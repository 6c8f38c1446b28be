import fc from 'fast-check';
import { philoxBlock } from 'fedtempo/shared/math/philox.js';
import { MAX_SEED, type Purpose, purposes, type RandomStream, stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';
import { chiSquare, chiSquareBound, tally } from './chi-square.js';

const seeds = fc.integer({ min: 0, max: MAX_SEED });
const words = (random: RandomStream) => Array.from({ length: 4 }, () => random.uint32());

test('the number of a purpose never changes: it is part of every digest', () => {
  expect(purposes).toMatchObject({ initialization: 1, partition: 2, cohort: 3, batches: 4, synthetic: 5 });
  expect(new Set(Object.values(purposes)).size).toBe(Object.keys(purposes).length);
});

test('the key of a stream is its seed, the counter is block, purpose, round and client', () => {
  const random = stream(5 * 2 ** 32 + 9, 'cohort', 70, 8);
  const out = new Uint32Array(4);
  for (const block of [0, 1, 2]) {
    philoxBlock([block, 3, 70, 8], [9, 5], out);
    expect(words(random)).toEqual([...out]);
  }
});

test('streams that differ in any key differ', () => {
  const keys = fc.tuple(
    fc.oneof(
      seeds,
      fc.nat(3),
      fc.nat(3).map((n) => n * 2 ** 32),
    ),
    fc.constantFrom(...(Object.keys(purposes) as Purpose[])),
    fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  );
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      fc.pre(String(a) !== String(b));
      expect(words(stream(...a))).not.toEqual(words(stream(...b)));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [7, 7 + 2 ** 32],
  [0, 2 ** 32],
  [2 ** 32, 2 ** 33],
  [MAX_SEED, MAX_SEED - 2 ** 32],
])('seeds %d and %d, beyond 32 bits, give other numbers', (a, b) => {
  expect(words(stream(a, 'batches', 2, 3))).not.toEqual(words(stream(b, 'batches', 2, 3)));
});

test('below(n) is an integer of 0..n − 1', () => {
  const bounds = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 32 }));
  fc.assert(
    fc.property(seeds, bounds, (seed, bound) => {
      const random = stream(seed, 'synthetic');
      for (let draw = 0; draw < 20; draw++) {
        const value = random.below(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([2, 3, 7, 10, 64, 601])('below(%d) draws every value equally often', (bound) => {
  const random = stream(11, 'synthetic', bound);
  expect(chiSquare(tally(bound, 200 * bound, () => random.below(bound)))).toBeLessThan(chiSquareBound(bound));
});

test('below(n) has no bias where n does not divide 2^32', () => {
  // For n = 3 · 2^30, words taken modulo n would fall into the lowest third half of the time.
  const random = stream(12, 'synthetic');
  const thirds = tally(3, 30_000, () => Math.floor(random.below(3 * 2 ** 30) / 2 ** 30));
  expect(chiSquare(thirds)).toBeLessThan(chiSquareBound(3));
});

test('uniform is a multiple of 2^−53 in [0, 1), even in its highest and its lowest bits', () => {
  const random = stream(13, 'synthetic');
  const high = new Array<number>(64).fill(0);
  const low = new Array<number>(64).fill(0);
  for (let draw = 0; draw < 20_000; draw++) {
    const value = random.uniform();
    expect(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 53)).toBe(true);
    high[Math.floor(value * 64)] += 1;
    low[(value * 2 ** 53) % 64] += 1;
  }
  expect(chiSquare(high)).toBeLessThan(chiSquareBound(64));
  expect(chiSquare(low)).toBeLessThan(chiSquareBound(64));
});

test('a shuffle keeps every value', () => {
  const arrays = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 });
  fc.assert(
    fc.property(seeds, arrays, (seed, values) => {
      const shuffled = Uint32Array.from(values);
      stream(seed, 'batches').shuffle(shuffled);
      expect([...shuffled].sort((a, b) => a - b)).toEqual([...values].sort((a, b) => a - b));
    }),
  );
});

test('a shuffle of four makes each of the 24 orders equally often', () => {
  const random = stream(14, 'batches');
  const orders = new Map<string, number>();
  for (let time = 0; time < 12_000; time++) {
    const values = Uint32Array.of(5, 6, 7, 8);
    random.shuffle(values);
    orders.set(String(values), (orders.get(String(values)) ?? 0) + 1);
  }
  expect(orders.size).toBe(24);
  expect(chiSquare([...orders.values()])).toBeLessThan(chiSquareBound(24));
});

test('normal numbers have the moments and the tails of the standard normal distribution', () => {
  const random = stream(15, 'initialization');
  const n = 100_000;
  const values = Float64Array.from({ length: n }, () => random.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / n;
  // Standard errors of the first four moments of N(0, 1): √1, √2, √15 and √96 over √n; five of each.
  const margin = (variance: number) => 5 * Math.sqrt(variance / n);
  expect(Math.abs(moment(1))).toBeLessThan(margin(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(margin(2));
  expect(Math.abs(moment(3))).toBeLessThan(margin(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(margin(96));
  // P(|x| > 1.959964) = 0.05.
  const outside = values.filter((value) => Math.abs(value) > 1.959964).length / n;
  expect(Math.abs(outside - 0.05)).toBeLessThan(margin(0.05 * 0.95));
  // The largest value possible: √(−2 ln 2^−53) = 8.57.
  expect(values.every((value) => Math.abs(value) < 8.58)).toBe(true);
});
