/**
 * What the updates of a round say together: their squared norms and that of their mean. Sums run in ascending order of
 * clients and parameters, so that the order of arrival does not show in a bit.
 */
import type { Weighting } from '../shared/federation/aggregator.js';
import { squaredNorm } from '../shared/math/norm.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { CountedUpdate } from '../shared/training/reply.js';

/** What an update weighs in its aggregate. */
export function weightOf({ examples }: Pick<CountedUpdate, 'examples'>, weighting: Weighting): number {
  return weighting === 'uniform' ? 1 : examples;
}

/**
 * @param updates in ascending order of clients
 * @param mean Σ p_k Δ_k [p]
 * @returns null without updates
 */
export function spreadOf(
  updates: readonly CountedUpdate[],
  mean: Float64Array,
  weighting: Weighting = 'examples',
): UpdateSpread | null {
  if (updates.length === 0) return null;
  const total = updates.reduce((sum, update) => sum + weightOf(update, weighting), 0);
  let [meanSquaredNorm, sumOfSquaredWeights, used] = [0, 0, 0];
  for (const update of updates) {
    const weight = weightOf(update, weighting) / total;
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
