/**
 * How much an update counts that began τ versions ago: s(τ), 1 for a fresh one.
 *
 * Xie, Koyejo, Gupta 2019, "Asynchronous federated optimization", section 5.2, which has all three; FedBuff uses the
 * polynomial with a = ½ (Nguyen et al. 2022, section 5).
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';

export const stalenessSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant') }).describe('s = 1.'),
    z
      .strictObject({ kind: z.literal('polynomial'), a: z.number().min(0).max(100).default(0.5) })
      .describe('s = (1 + τ)^−a.'),
    z
      .strictObject({
        kind: z.literal('hinge'),
        a: z.number().positive().max(1e6).default(10),
        b: z.number().min(0).max(1e6).default(4),
      })
      .describe('s = 1 for τ ≤ b, else 1/(a(τ − b) + 1).'),
  ])
  .describe('The weight of an update by its staleness τ, in server versions.');

export type StalenessSpec = z.output<typeof stalenessSchema>;

/** s(τ), 0 < s ≤ 1. @param tau τ, an integer from 0 */
export function stalenessWeight(spec: StalenessSpec, tau: number): number {
  switch (spec.kind) {
    case 'constant':
      return 1;
    case 'polynomial':
      return 1 / power(1 + tau, spec.a);
    case 'hinge':
      return tau <= spec.b ? 1 : 1 / (spec.a * (tau - spec.b) + 1);
  }
}
