import fc from 'fast-check';
import { ExactMean, gridExponent, MAX_DELTA } from 'fedtempo/shared/federation/exact-mean.js';
import type { Update } from 'fedtempo/shared/training/reply.js';
import { expect, test } from 'vitest';
import { updateOf } from './update.js';

const PARAMETERS = 5;
const entries = fc.oneof(
  fc.float({ min: -MAX_DELTA, max: MAX_DELTA, noNaN: true }),
  fc.float({ min: -0.015625, max: 0.015625, noNaN: true }),
);
const cohorts = fc
  .array(
    fc.record({
      examples: fc.integer({ min: 1, max: 700 }),
      delta: fc.array(entries, { minLength: PARAMETERS, maxLength: PARAMETERS }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((all) => all.map(({ examples, delta }, index) => updateOf(index * 3, examples, delta)));

const weightOf = (updates: readonly Update[]) => updates.reduce((sum, { examples }) => sum + examples, 0);

function meanOf(updates: readonly Update[], maxExamples = weightOf(updates)): ExactMean {
  const mean = new ExactMean(PARAMETERS, maxExamples);
  for (const update of updates) mean.add(update);
  return mean;
}

/** The words of the aggregate: equality of words is equality of bits. */
const wordsOf = (mean: ExactMean) => [...new BigUint64Array(mean.finish().buffer)];

test('the order of arrival changes no bit', () => {
  const orders = cohorts.chain((updates) =>
    fc.tuple(
      fc.constant(updates),
      fc.shuffledSubarray(updates, { minLength: updates.length, maxLength: updates.length }),
    ),
  );
  fc.assert(
    fc.property(orders, ([updates, shuffled]) => {
      expect(wordsOf(meanOf(shuffled))).toEqual(wordsOf(meanOf(updates)));
    }),
  );
});

test('the shape of the tree that merges partial sums changes no bit', () => {
  const trees = fc.tuple(cohorts, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }));
  fc.assert(
    fc.property(trees, ([updates, picks]) => {
      const total = weightOf(updates);
      let at = 0;
      const pick = (below: number) => picks[at++] % below;
      // Leaves of any size, even empty ones, then two at a time until one is left.
      const leaves = Array.from({ length: 1 + pick(6) }, () => new ExactMean(PARAMETERS, total));
      for (const update of updates) leaves[pick(leaves.length)].add(update);
      while (leaves.length > 1) {
        const [other] = leaves.splice(pick(leaves.length), 1);
        leaves[pick(leaves.length)].merge(other);
      }
      expect(wordsOf(leaves[0])).toEqual(wordsOf(meanOf(updates, total)));
      expect(leaves[0].tally().clients).toEqual(updates.map(({ client }) => client));
    }),
  );
});

/** A finite float64 as m · 2^e with integers m and e. */
function exactly(value: number): { mantissa: bigint; exponent: number } {
  let [mantissa, exponent] = [value, 0];
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent -= 1;
  }
  return { mantissa: BigInt(mantissa), exponent };
}

/** The integer nearest to value · 2^s, halves upwards. */
function onGrid(value: number, s: number): bigint {
  const { mantissa, exponent } = exactly(value);
  const shift = BigInt(exponent + s);
  return shift >= 0n ? mantissa << shift : (mantissa + (1n << (-shift - 1n))) >> -shift;
}

test('the mean is the quotient of whole numbers, rounded once', () => {
  fc.assert(
    fc.property(cohorts, fc.integer({ min: 0, max: 5000 }), (updates, spare) => {
      const maxExamples = weightOf(updates) + spare;
      const s = gridExponent(maxExamples);
      const mean = meanOf(updates, maxExamples).finish();
      const divisor = BigInt(weightOf(updates)) << BigInt(s);
      for (let index = 0; index < PARAMETERS; index++) {
        const sum = updates.reduce(
          (total, { delta, examples }) => total + onGrid(delta[index], s) * BigInt(examples),
          0n,
        );
        expect(sum <= 2n ** 53n && sum >= -(2n ** 53n)).toBe(true);
        // mean = m · 2^e. |m · 2^e − sum/divisor| may be half of a unit in the last place of 53 bits, and no more.
        const { mantissa, exponent } = exactly(mean[index]);
        const left = mantissa * divisor - (sum << BigInt(-exponent));
        const size = mantissa < 0n ? -mantissa : mantissa;
        const bits = size.toString(2).length;
        const doubledUlps = (left < 0n ? -left : left) << BigInt(Math.max(0, 54 - bits));
        expect(doubledUlps <= divisor || sum === 0n).toBe(true);
        expect(sum === 0n).toBe(mantissa === 0n);
      }
    }),
  );
});

test('the mean weighs by examples', () => {
  const mean = meanOf([updateOf(9, 3, [0.5, -0.25, 0, 8, -64]), updateOf(2, 5, [-0.5, 0.75, 1, 8, 64])]);
  // (3 · 0.5 − 5 · 0.5)/8, (−0.75 + 3.75)/8, 5/8, 8, (−192 + 320)/8.
  expect([...mean.finish()]).toEqual([-0.125, 0.375, 0.625, 8, 16]);
  expect(mean.tally().clients).toEqual([2, 9]);
});

test.each([
  [6000, 34],
  [8192, 34],
  [8193, 33],
  [16_384, 33],
  [60_000, 31],
  [2, 46],
])('%i examples leave a grid of 2^−%i', (examples, exponent) => {
  expect(gridExponent(examples)).toBe(exponent);
  // The finest for which the largest possible sum stays within 2^53.
  expect(64 * 2 ** exponent * examples).toBeLessThanOrEqual(2 ** 53);
  expect(64 * 2 ** (exponent + 1) * examples).toBeGreaterThan(2 ** 53);
});

test('the largest cohort at the largest change is still exact', () => {
  const mean = new ExactMean(2, 8192);
  for (let client = 0; client < 8; client++) mean.add(updateOf(client, 1024, [64, client % 2 === 0 ? 64 : -64]));
  expect([...mean.finish()]).toEqual([64, 0]);
});

test('more examples than foreseen are refused, since the sum might not be exact', () => {
  const mean = new ExactMean(2, 100);
  mean.add(updateOf(5, 60, [0.5, 0.25]));
  expect(() => mean.add(updateOf(6, 41, [0.5, 0.25]))).toThrow(/101 examples, more than the 100/);
});

test('merging sums that together weigh more than foreseen is refused', () => {
  const [one, other] = [new ExactMean(2, 100), new ExactMean(2, 100)];
  one.add(updateOf(5, 60, [0.5, 0.25]));
  other.add(updateOf(6, 60, [0.5, 0.25]));
  expect(() => one.merge(other)).toThrow(/120 examples, more than the 100/);
});

test('a client is counted once: a second update is refused, and so is a merge that overlaps', () => {
  const [one, other] = [new ExactMean(2, 1000), new ExactMean(2, 1000)];
  one.add(updateOf(5, 60, [0.5, 0.25]));
  expect(() => one.add(updateOf(5, 60, [0.5, 0.25]))).toThrow(/client 5 is already in the mean/);
  other.add(updateOf(4, 60, [0.5, 0.25]));
  other.add(updateOf(5, 60, [0.5, 0.25]));
  expect(() => one.merge(other)).toThrow(/client 5 is already in the mean/);
});

test('a mean of nothing is refused', () => {
  expect(() => new ExactMean(2, 1000).finish()).toThrow(/at least one update/);
});

test('finishing changes nothing: more may be added after it', () => {
  const mean = new ExactMean(1, 1000);
  mean.add(updateOf(1, 3, [0.5]));
  expect([...mean.finish()]).toEqual([0.5]);
  mean.add(updateOf(2, 5, [-0.5]));
  expect([...mean.finish()]).toEqual([-0.125]);
});

test('floor(x + 1/2) rounds every float32 on every grid as Math.round does', () => {
  const numbers = fc.tuple(fc.float({ noNaN: true, min: -MAX_DELTA, max: MAX_DELTA }), fc.integer({ min: 0, max: 60 }));
  fc.assert(
    fc.property(numbers, ([value, exponent]) => {
      const scaled = value * 2 ** exponent;
      expect(Math.floor(scaled + 0.5) === Math.round(scaled)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});
