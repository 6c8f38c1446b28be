/**
 * What the updates of a round say together: their squared norms and that of their mean. Sums run in ascending order of
 * clients and parameters, so that the order of arrival does not show in a bit.
 */
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { Update } from '../shared/training/reply.js';

/** ‖Δ‖², float64, ascending. */
export function squaredNorm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}

/** A counted update without its parameters, and their squared norm. */
export type MeasuredUpdate = Omit<Update, 'delta'> & { readonly squaredNorm: number };

/**
 * @param updates in ascending order of clients
 * @param mean Σ p_k Δ_k [p]
 * @returns null without updates
 */
export function spreadOf(updates: readonly MeasuredUpdate[], mean: Float64Array): UpdateSpread | null {
  if (updates.length === 0) return null;
  const examples = updates.reduce((sum, update) => sum + update.examples, 0);
  let [meanSquaredNorm, sumOfSquaredWeights, used] = [0, 0, 0];
  for (const update of updates) {
    const weight = update.examples / examples;
    meanSquaredNorm += weight * update.squaredNorm;
    sumOfSquaredWeights += weight * weight;
    used += update.metrics.examplesUsed;
  }
  return {
    count: updates.length,
    meanSquaredNorm,
    squaredNormOfMean: squaredNorm(mean),
    sumOfSquaredWeights,
    examplesPerUpdate: used / updates.length,
  };
}
