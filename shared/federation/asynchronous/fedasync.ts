/**
 * FedAsync: every arriving model is mixed into the global one, w ← (1 − α_t) w + α_t w_client with α_t = α · s(τ),
 * written as a step along Δ = α_t (w_client − w); M clients, the cohort's size, are in training at any time.
 *
 * Xie, Koyejo, Gupta, "Asynchronous federated optimization", 2019, algorithm 1.
 */
import { z } from 'zod';
import type { AsynchronousRule } from './rule.js';
import { stalenessSchema, stalenessWeight } from './staleness.js';

export const fedAsyncSchema = z
  .strictObject({
    kind: z.literal('fedasync'),
    mixing: z.number().gt(0).max(1).default(0.6).describe('α: the weight of a fresh client model.'),
    maxStaleness: z.int().min(0).optional().describe('Models that began longer ago, in versions, are discarded.'),
    staleness: stalenessSchema.prefault({ kind: 'polynomial', a: 0.5 }),
  })
  .describe('A server step for each model that arrives (Xie et al. 2019); the cohort is how many train at once.');

export function fedAsync({ mixing, staleness }: z.output<typeof fedAsyncSchema>): AsynchronousRule {
  return {
    bufferSize: 1,
    keep: (start, delta) => start.map((weight, index) => weight + delta[index]),
    aggregate: ([{ kept, staleness: tau }], weights) => {
      const rate = mixing * stalenessWeight(staleness, tau);
      return Float64Array.from(kept, (local, index) => rate * (local - weights[index]));
    },
  };
}
