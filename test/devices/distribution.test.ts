import { type Distribution, distributionSchema, draw, median } from 'fedtempo/shared/devices/distribution.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { describe, expect, test } from 'vitest';

const n = 40_000;

function drawn(spec: Distribution): Float64Array {
  return Float64Array.from({ length: n }, (_, client) => draw(spec, stream(6, 'device', 1, client)));
}

function momentsOf(values: Float64Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, stddev: Math.sqrt(variance) };
}

/** P(Z < z) of the standard normal distribution, where the tests need it. */
const below = { 0: 0.5, 1: 0.841344746, 2: 0.977249868 };

// Means and standard deviations in closed form; five standard errors of the mean are allowed.
const e = Math.exp;
const truncated = (() => {
  // Normal of mean 4, stddev 2, within 2..8: α = −1, β = 2, with φ and Φ of the standard normal distribution.
  const phi = (z: number) => e(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
  const mass = below[2] - (1 - below[1]);
  const shift = (phi(-1) - phi(2)) / mass;
  const variance = 1 + (-1 * phi(-1) - 2 * phi(2)) / mass - shift ** 2;
  return { mean: 4 + 2 * shift, stddev: 2 * Math.sqrt(variance) };
})();

describe.each<[string, Distribution, { mean: number; stddev: number }]>([
  ['uniform', { kind: 'uniform', from: 3, to: 9 }, { mean: 6, stddev: Math.sqrt(3) }],
  [
    'logNormal',
    { kind: 'logNormal', median: 400, sigma: 0.5 },
    { mean: 400 * e(0.125), stddev: 400 * Math.sqrt((e(0.25) - 1) * e(0.25)) },
  ],
  ['exponential', { kind: 'exponential', mean: 7 }, { mean: 7, stddev: 7 }],
  ['truncated normal', { kind: 'normal', mean: 4, stddev: 2, min: 2, max: 8 }, truncated],
])('%s', (_, spec, expected) => {
  const values = drawn(spec);

  test('has its mean and standard deviation', () => {
    const { mean, stddev } = momentsOf(values);
    expect(Math.abs(mean - expected.mean)).toBeLessThan((5 * expected.stddev) / Math.sqrt(n));
    expect(Math.abs(stddev / expected.stddev - 1)).toBeLessThan(0.04);
  });

  test('has half of its values below its middle', () => {
    if (spec.kind === 'normal') return expect(median(spec)).toBe(4);
    const share = values.filter((value) => value < median(spec)).length / n;
    expect(Math.abs(share - 0.5)).toBeLessThan(2.5 / Math.sqrt(n));
  });
});

test('values stay within the limits of a uniform and of a truncated normal distribution', () => {
  const inside = (spec: Distribution, min: number, max: number) =>
    drawn(spec).every((value) => value >= min && value <= max);
  expect(inside({ kind: 'uniform', from: 3, to: 9 }, 3, 9)).toBe(true);
  expect(inside({ kind: 'normal', mean: 4, stddev: 2, min: 2, max: 8 }, 2, 8)).toBe(true);
  expect(inside({ kind: 'normal', mean: 1, stddev: 5, min: 0 }, 0, Number.POSITIVE_INFINITY)).toBe(true);
});

test('a number is itself, and draws nothing', () => {
  const random = stream(1, 'device');
  expect(draw(12.5, random)).toBe(12.5);
  expect(random.uint32()).toBe(stream(1, 'device').uint32());
});

test.each([
  [{ kind: 'uniform', from: 9, to: 3 }],
  [{ kind: 'normal', mean: 9, stddev: 1, max: 8 }],
  [{ kind: 'normal', mean: 1, stddev: 100, min: 0, max: 2 }],
  [{ kind: 'logNormal', median: 0, sigma: 1 }],
  [{ kind: 'exponential', mean: -1 }],
  [{ kind: 'gamma', mean: 1 }],
])('%j is refused', (spec) => {
  expect(distributionSchema.safeParse(spec).success).toBe(false);
});
