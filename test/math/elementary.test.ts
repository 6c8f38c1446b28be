import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { cosine, exponential, logarithm, power, powerOfTwo } from 'fedtempo/shared/math/elementary.js';
import { expect, test } from 'vitest';

/** Argument(s), the float64 nearest to the value, and the rest of the value; made by make.py beside it. */
type Row = readonly number[];
const golden = JSON.parse(
  readFileSync(new URL('../golden/elementary/elementary.json', import.meta.url), 'utf8'),
) as Record<'exponential' | 'logarithm' | 'cosine' | 'cosineNearZeros' | 'power' | 'powerLarge', Row[]>;

const word = new BigInt64Array(1);
const asDouble = new Float64Array(word.buffer);

/** The distance from |value| to the next larger float64. */
function ulp(value: number): number {
  asDouble[0] = Math.abs(value);
  word[0] += 1n;
  return asDouble[0] - Math.abs(value);
}

/** |got − (high + low)| in units in the last place; got − high is exact, since the two are close. */
function errorInUlp(got: number, row: Row): number {
  const [high, low] = row.slice(-2);
  return Math.abs(got - high - low) / ulp(high);
}

const worst = (rows: Row[], compute: (row: Row) => number) =>
  rows.reduce((most, row) => Math.max(most, errorInUlp(compute(row), row)), 0);

test.each([
  ['exponential', exponential],
  ['logarithm', logarithm],
  ['cosine', cosine],
] as const)('%s stays within 4 ulp of high-precision values', (name, compute) => {
  expect(golden[name].length).toBeGreaterThan(100);
  expect(worst(golden[name], ([x]) => compute(x))).toBeLessThan(4);
});

test('at its zeros the cosine errs by less than 2^−66 on the whole of its range', () => {
  for (const row of golden.cosineNearZeros) {
    const [x, value] = row;
    expect(Math.abs(cosine(x) - value)).toBeLessThan(2 ** -66);
  }
});

test('powers err by no more than 4 ulp and what the size of the exponent adds', () => {
  // e^(y ln x) turns one rounding of y ln x into |y ln x| ulp; y products round y times.
  const excess = (row: Row) => {
    const [base, exponent] = row;
    const allowed =
      4 + 2 * Math.abs(exponent * Math.log(base)) + (2 * exponent === Math.round(2 * exponent) ? exponent : 0);
    return errorInUlp(power(base, exponent), row) / allowed;
  };
  expect(golden.power.length + golden.powerLarge.length).toBeGreaterThan(150);
  for (const row of [...golden.power, ...golden.powerLarge]) expect(excess(row), String(row)).toBeLessThan(1);
});

test('the powers that schedules use most are as exact as the arithmetic', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -60, max: 2 ** 60, noNaN: true }), (base) => {
      expect(power(base, 1)).toBe(base);
      expect(power(base, 2)).toBe(base * base);
      expect(power(base, 3)).toBe(base * (base * base));
      expect(power(base, 0.5)).toBe(Math.sqrt(base));
      expect(power(base, -2)).toBe(1 / (base * base));
    }),
  );
});

test.each([
  [2.5, 0, 1],
  [0, 0, 1],
  [0, 0.3, 0],
  [0, 7, 0],
  [1, 1e300, 1],
  [0.5, 1074, 2 ** -1074],
  [0.5, 2000, 0],
  [2, 2000, Number.POSITIVE_INFINITY],
  [0, -3, Number.POSITIVE_INFINITY],
])('%f to the power %f is %f', (base, exponent, value) => {
  expect(power(base, exponent)).toBe(value);
});

test.each([
  ['exponential', exponential, 0, 1],
  ['exponential', exponential, 710, Number.POSITIVE_INFINITY],
  ['exponential', exponential, -746, 0],
  ['exponential', exponential, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ['exponential', exponential, Number.NEGATIVE_INFINITY, 0],
  ['exponential', exponential, Number.NaN, Number.NaN],
  ['logarithm', logarithm, 1, 0],
  ['logarithm', logarithm, 0, Number.NEGATIVE_INFINITY],
  ['logarithm', logarithm, -1e-300, Number.NaN],
  ['logarithm', logarithm, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ['logarithm', logarithm, Number.NaN, Number.NaN],
  ['cosine', cosine, 0, 1],
] as const)('%s at the edge (%#)', (_, compute, x, value) => {
  expect(compute(x)).toBe(value);
});

test('2^n is exact over the whole range of float64', () => {
  asDouble[0] = 2 ** -1074;
  expect(word[0]).toBe(1n);
  for (let n = -1074; n <= 1023; n++) {
    // The bits of 2^n: an exponent field for normal numbers, one mantissa bit for subnormal ones.
    word[0] = n >= -1022 ? BigInt(n + 1023) << 52n : 1n << BigInt(n + 1074);
    expect(powerOfTwo(n)).toBe(asDouble[0]);
  }
});
