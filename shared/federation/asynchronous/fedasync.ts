/**
 * FedAsync: every arriving model is mixed into the global one, w ← (1 − α_t) w + α_t w_client with α_t = α · s(τ) and
 * the server learning rate as a further factor; M clients, the cohort's size, are in training at any time.
 *
 * Xie, Koyejo, Gupta, "Asynchronous federated optimization", 2019, algorithm 1.
 */
import { z } from 'zod';
import { stalenessSchema } from './staleness.js';

export const fedAsyncSchema = z
  .strictObject({
    kind: z.literal('fedasync'),
    mixing: z.number().gt(0).max(1).default(0.6).describe('α: the weight of a fresh client model.'),
    maxStaleness: z.int().min(0).optional().describe('Models that began longer ago, in versions, are discarded.'),
    staleness: stalenessSchema.prefault({ kind: 'polynomial', a: 0.5 }),
  })
  .describe('A server step for each model that arrives (Xie et al. 2019); the cohort is how many train at once.');

/** (1 − rate) · w + rate · local, rounded once to float32. @param rate 0..1 */
export function mix(weights: Float32Array, local: Float32Array, rate: number): Float32Array {
  return weights.map((weight, index) => (1 - rate) * weight + rate * local[index]);
}
