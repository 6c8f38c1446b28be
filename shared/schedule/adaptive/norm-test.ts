/**
 * The batch grows whenever the mean update is too noisy: the variance of the mean, estimated from the spread of the
 * clients' updates, must not exceed θ² times its squared norm.
 *
 *     s² = (Σp‖Δ_k‖² − ‖ΣpΔ_k‖²) / (1 − Σp²)       ratio = Σp² · s² / (θ² ‖ΣpΔ_k‖²)       B ← ⌈B · ratio⌉ if ratio > 1
 *
 * It never shrinks, and grows by at most `growth` a round. Limit: differences between clients count as noise too, and no
 * batch removes them; hence `max`.
 *
 * Byrd, Chin, Nocedal and Wu (2012), "Sample size selection in optimization methods for machine learning"; for local
 * steps: Lau et al. (2024), "Communication-Efficient Adaptive Batch Size Strategies for Distributed Local Gradient Methods".
 */
import { z } from 'zod';
import { defineAdaptive } from './adaptive.js';

export interface NormTestState {
  readonly batchSize: number;
}

export const normTest = defineAdaptive({
  schema: z.strictObject({
    kind: z.literal('normTest'),
    start: z.int().min(1).describe('The first batch size.'),
    max: z.int().min(1).describe('The largest batch.'),
    theta: z.number().positive().max(100).default(0.9).describe('θ: how large noise may be, as a share of the norm.'),
    growth: z.number().gt(1).max(1000).default(2).describe('The most that the batch grows by in a round.'),
  }),
  create: ({ start, max, theta, growth }) => ({
    observes: 'round',
    init: (): NormTestState => ({ batchSize: Math.min(start, max) }),
    observe: (state: NormTestState, { updates }): NormTestState => {
      if (updates === null || updates.count < 2) return state;
      const { meanSquaredNorm, squaredNormOfMean, sumOfSquaredWeights } = updates;
      const variance = (meanSquaredNorm - squaredNormOfMean) / (1 - sumOfSquaredWeights);
      const ratio = (sumOfSquaredWeights * variance) / (theta * theta * squaredNormOfMean);
      // A mean of 0 gives an infinite ratio, or none if the updates are 0 as well: then nothing can be told.
      if (!(ratio > 1)) return state;
      return { batchSize: Math.min(max, Math.ceil(state.batchSize * Math.min(growth, ratio))) };
    },
    value: ({ batchSize }: NormTestState) => batchSize,
  }),
});
