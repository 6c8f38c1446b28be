/**
 * The server step of FedExP: η_s = max(1, Σp‖Δ_k‖² / (2 (‖ΣpΔ_k‖² + ε))), times `scale`. Where clients pull in different
 * directions their mean is short, and the server extrapolates along it. It is used in the round it was measured in.
 *
 * Jhunjhunwala, Wang and Joshi (2023), "FedExP: Speeding Up Federated Averaging via Extrapolation", with p_k = 1/m.
 */
import { z } from 'zod';
import { defineAdaptive } from './adaptive.js';

export interface FedExpState {
  readonly step: number;
}

export const fedExp = defineAdaptive({
  schema: z.strictObject({
    kind: z.literal('fedExp'),
    epsilon: z.number().nonnegative().default(1e-3).describe('ε: keeps the step finite where the mean is 0.'),
    max: z.number().min(1).default(1e6).describe('The largest step.'),
    scale: z.number().positive().default(1).describe('What the step is multiplied by.'),
  }),
  create: ({ epsilon, max, scale }) => ({
    observes: 'updates',
    init: (): FedExpState => ({ step: 1 }),
    observe: (_: FedExpState, { updates }): FedExpState => {
      if (updates === null) return { step: 1 };
      const step = updates.meanSquaredNorm / (2 * (updates.squaredNormOfMean + epsilon));
      // 0/0 where every update is 0 and ε is too: nothing to extrapolate.
      return { step: Number.isNaN(step) ? 1 : Math.min(max, Math.max(1, step)) };
    },
    value: ({ step }: FedExpState) => scale * step,
  }),
});
