/**
 * Gamma and Dirichlet variates from portable functions alone, so that every machine draws the same.
 *
 * Sources: Marsaglia & Tsang 2000, "A simple method for generating gamma variables", ACM Trans. Math. Software 26, for shapes
 * from 1, and its section 6 for smaller ones; Devroye 1986, chapter XI.4, for a Dirichlet variate as normalised gammas.
 */
import { exponential, logarithm } from './elementary.js';
import type { RandomStream } from './rng.js';

/**
 * ln of a variate of Gamma(shape, 1). The logarithm, because for a small shape most variates are below what float64 holds:
 * Γ(a) = Γ(a + 1) · u^{1/a}.
 *
 * @param shape a > 0
 */
export function logGammaVariate(random: RandomStream, shape: number): number {
  if (shape < 1) return logGammaVariate(random, shape + 1) + logarithm(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  while (true) {
    const x = random.normal();
    const root = 1 + c * x;
    const v = root * root * root;
    if (v <= 0) continue;
    const u = 1 - random.uniform();
    if (logarithm(u) < 0.5 * x * x + d - d * v + d * logarithm(v)) return logarithm(d) + logarithm(v);
  }
}

/**
 * A variate of the symmetric Dirichlet distribution: `parts` shares ≥ 0 that sum to 1 up to rounding.
 *
 * @param alpha concentration > 0: near 0 one share has almost all, 1 is uniform over all divisions, large is near equal shares
 */
export function dirichlet(random: RandomStream, alpha: number, parts: number): Float64Array {
  const logs = Float64Array.from({ length: parts }, () => logGammaVariate(random, alpha));
  const largest = logs.reduce((a, b) => Math.max(a, b));
  const shares = logs.map((log) => exponential(log - largest));
  const sum = shares.reduce((a, b) => a + b);
  return shares.map((share) => share / sum);
}
