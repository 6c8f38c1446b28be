import { exponential, logarithm } from 'fedtempo/shared/math/elementary.js';
import { dirichlet, logGammaVariate } from 'fedtempo/shared/math/gamma.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';

const DRAWS = 40_000;

/** Mean and variance of DRAWS values. */
function moments(draw: () => number): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (let index = 0; index < DRAWS; index++) {
    const value = draw();
    sum += value;
    squares += value * value;
  }
  return { mean: sum / DRAWS, variance: squares / DRAWS - (sum / DRAWS) ** 2 };
}

test.each([0.05, 0.3, 1, 2.5, 40])('variates of Gamma(%d) have mean and variance a', (shape) => {
  const random = stream(11, 'synthetic');
  const { mean, variance } = moments(() => exponential(logGammaVariate(random, shape)));
  // Five standard errors: Var of the mean is a/n; of the sample variance (2a² + 6a)/n, as the fourth central moment is 3a² + 6a.
  expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / DRAWS));
  expect(Math.abs(variance - shape)).toBeLessThan(5 * Math.sqrt((2 * shape * shape + 6 * shape) / DRAWS));
});

test('variates of Gamma(1) are exponential: P(x > t) = e^−t', () => {
  const random = stream(12, 'synthetic');
  const draws = Array.from({ length: DRAWS }, () => logGammaVariate(random, 1));
  for (const t of [0.1, 0.5, 1, 2, 4]) {
    const p = exponential(-t);
    const share = draws.filter((log) => log > logarithm(t)).length / DRAWS;
    expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / DRAWS));
  }
});

test.each([
  [0.1, 3],
  [1, 2],
  [5, 10],
])('shares of Dirichlet(%d) over %d parts sum to 1, with mean 1/k and variance (1/k)(1 − 1/k)/(kα + 1)', (alpha, k) => {
  const random = stream(13, 'synthetic');

  const { mean, variance } = moments(() => {
    const shares = dirichlet(random, alpha, k);
    expect(Math.abs(shares.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12);
    return shares[0];
  });
  const expected = ((1 / k) * (1 - 1 / k)) / (k * alpha + 1);
  expect(Math.abs(mean - 1 / k)).toBeLessThan(5 * Math.sqrt(expected / DRAWS));
  expect(variance / expected).toBeGreaterThan(0.95);
  expect(variance / expected).toBeLessThan(1.05);
});

test('a concentration so small that every variate is below float64 still gives shares that sum to 1', () => {
  const random = stream(14, 'synthetic');
  for (let draw = 0; draw < 200; draw++) {
    const shares = dirichlet(random, 0.001, 10);
    expect(Math.abs(shares.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12);
    expect(Math.max(...shares)).toBeGreaterThan(0.4);
  }
});
