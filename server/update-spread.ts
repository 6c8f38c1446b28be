/**
 * What the updates of a round say together: their squared norms and that of their mean. Sums run in ascending order of
 * clients and parameters, so that the order of arrival does not show in a bit.
 */
import { squaredNorm } from '../shared/math/norm.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { CountedUpdate } from '../shared/training/reply.js';

/**
 * @param updates in ascending order of clients
 * @param mean Σ p_k Δ_k [p]
 * @returns null without updates
 */
export function spreadOf(updates: readonly CountedUpdate[], mean: Float64Array): UpdateSpread | null {
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
