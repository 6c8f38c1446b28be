/**
 * The batch follows the gradient noise scale B_noise = tr Σ / ‖G‖², below which larger batches save steps and above
 * which they waste examples.
 *
 * An update of b examples is a noisy gradient of batch b (times the steps' rates, which cancel), the weighted mean of
 * a round one of batch b/Σp². With the squared norms N_small = Σp‖Δ_k‖² and N_big = ‖ΣpΔ_k‖²:
 *
 *     ‖G‖² ≈ (N_big − Σp² · N_small) / (1 − Σp²)          tr Σ ≈ b (N_small − N_big) / (1 − Σp²)
 *
 * Both are averaged over rounds before they are divided, since the quotient of the estimates is biased. The cohort works
 * on B_noise examples together: each client's batch is B_noise / m. While ‖G‖² is estimated at 0 or below, noise is all
 * there is, and the batch is `max`. Limits: differences between clients count as noise, and local steps bend the path.
 *
 * McCandlish, Kaplan, Amodei et al. (2018), "An Empirical Model of Large-Batch Training", appendix A.1.
 */
import { z } from 'zod';
import { hyperparameters, settle } from '../names.js';
import { defineAdaptive } from './adaptive.js';

export interface NoiseScaleState {
  /** Decayed sums of the two estimates and of their weights; the weight corrects the start, as in Adam. */
  readonly noise: number;
  readonly signal: number;
  readonly weight: number;
  /** m of the last round. */
  readonly count: number;
}

export const gradientNoiseScale = defineAdaptive({
  schema: z.strictObject({
    kind: z.literal('gradientNoiseScale'),
    start: z.int().min(1).describe('The batch size until there is an estimate.'),
    min: z.int().min(1).default(1).describe('The smallest batch.'),
    max: z.int().min(1).describe('The largest batch.'),
    smoothing: z.number().nonnegative().lt(1).default(0.9).describe('Share of the past in the averages.'),
    scale: z.number().positive().default(1).describe('What the noise scale is multiplied by.'),
  }),
  create: ({ start, min, max, smoothing, scale }) => ({
    observes: 'round',
    init: (): NoiseScaleState => ({ noise: 0, signal: 0, weight: 0, count: 0 }),
    observe: (state: NoiseScaleState, { updates }): NoiseScaleState => {
      // One update has no spread.
      if (updates === null || updates.count < 2) return state;
      const { count, meanSquaredNorm, squaredNormOfMean, sumOfSquaredWeights, examplesPerUpdate } = updates;
      const signal = (squaredNormOfMean - sumOfSquaredWeights * meanSquaredNorm) / (1 - sumOfSquaredWeights);
      const noise = (examplesPerUpdate * (meanSquaredNorm - squaredNormOfMean)) / (1 - sumOfSquaredWeights);
      if (!Number.isFinite(signal) || !Number.isFinite(noise)) return state;
      const blend = (past: number, now: number) => smoothing * past + (1 - smoothing) * now;
      return {
        noise: blend(state.noise, noise),
        signal: blend(state.signal, signal),
        weight: blend(state.weight, 1),
        count,
      };
    },
    value: ({ noise, signal, weight, count }: NoiseScaleState) => {
      if (weight === 0) return start;
      if (signal <= 0) return max;
      const wanted = (scale * noise) / signal / count;
      return Math.min(max, Math.max(min, settle(hyperparameters.batchSize, wanted)));
    },
  }),
});
