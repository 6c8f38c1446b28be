import fc from 'fast-check';
import { sampleUniform } from 'fedtempo/shared/federation/sampler/uniform.js';
import { expect, test } from 'vitest';
import { chiSquare, chiSquareBound } from '../math/chi-square.js';

const draws = fc.record({
  population: fc.integer({ min: 1, max: 300 }),
  pick: fc.nat(),
  seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  round: fc.integer({ min: 0, max: 1_000_000 }),
});

test('a cohort has its size, ascending, without repeats, of clients that exist', () => {
  fc.assert(
    fc.property(draws, ({ population, pick, seed, round }) => {
      const size = 1 + (pick % population);
      const cohort = sampleUniform(population, size, seed, round);
      expect(cohort).toHaveLength(size);
      expect(cohort.every((client) => Number.isInteger(client) && client >= 0 && client < population)).toBe(true);
      expect(cohort.every((client, place) => place === 0 || client > cohort[place - 1])).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a cohort depends on nothing but population, size, seed and round', () => {
  fc.assert(
    fc.property(draws, ({ population, pick, seed, round }) => {
      const size = 1 + (pick % population);
      const cohort = sampleUniform(population, size, seed, round);
      sampleUniform(population, size, seed, round + 1);
      expect(sampleUniform(population, size, seed, round)).toEqual(cohort);
    }),
  );
});

test('a cohort as large as the population is everyone', () => {
  for (const population of [2, 7, 100]) {
    expect(sampleUniform(population, population, 5, 3)).toEqual(
      Array.from({ length: population }, (_, client) => client),
    );
  }
});

test('other rounds and other seeds, also beyond 32 bits, draw other cohorts', () => {
  const cohorts = [
    [5, 3],
    [5, 4],
    [6, 3],
    [5 + 2 ** 32, 3],
  ].map(([seed, round]) => String(sampleUniform(1000, 20, seed, round)));
  expect(new Set(cohorts).size).toBe(4);
});

test('over many rounds every client is drawn equally often', () => {
  const counts = new Array<number>(20).fill(0);
  for (let round = 0; round < 4000; round++) for (const client of sampleUniform(20, 5, 8, round)) counts[client] += 1;
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000);
  expect(chiSquare(counts)).toBeLessThan(chiSquareBound(20));
});

test('over many rounds every set of the size is drawn equally often', () => {
  const counts = new Map<string, number>();
  for (let round = 0; round < 7000; round++) {
    const cohort = String(sampleUniform(7, 3, 8, round));
    counts.set(cohort, (counts.get(cohort) ?? 0) + 1);
  }
  expect(counts.size).toBe(35);
  expect(chiSquare([...counts.values()])).toBeLessThan(chiSquareBound(35));
});

test('a cohort of ten out of four thousand million costs ten draws', () => {
  const cohort = sampleUniform(4_000_000_000, 10, 8, 1);
  expect(new Set(cohort).size).toBe(10);
  expect(Math.max(...cohort)).toBeGreaterThan(2 ** 31);
});
