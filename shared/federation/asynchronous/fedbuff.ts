/**
 * FedBuff: the server takes a step whenever its buffer holds K updates, Δ = (1/K) Σ s(τ_i) Δ_i, weighted by staleness and
 * not by examples; M clients, the cohort's size, are in training at any time.
 *
 * Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek, Huba, "Federated learning with buffered asynchronous aggregation",
 * AISTATS 2022, algorithm 1.
 */
import { z } from 'zod';
import { stalenessSchema } from './staleness.js';

export const fedBuffSchema = z
  .strictObject({
    kind: z.literal('fedbuff'),
    bufferSize: z.int().min(1).max(1_000_000).default(10).describe('K: updates in a server step.'),
    maxStaleness: z.int().min(0).optional().describe('Updates that began longer ago, in versions, are discarded.'),
    staleness: stalenessSchema.prefault({ kind: 'polynomial', a: 0.5 }),
  })
  .describe('Buffered asynchronous aggregation (Nguyen et al. 2022); the cohort is how many train at once.');

/**
 * The pseudo-gradient of a full buffer, float64. The sum runs in the order given, which virtual time decides: it is the
 * same in every pool.
 *
 * @param deltas K updates or, where some failed, fewer, [p] each
 * @param weights s(τ) of each
 * @param bufferSize K
 */
export function bufferedDelta(deltas: readonly Float32Array[], weights: readonly number[], bufferSize: number) {
  const sum = new Float64Array(deltas[0].length);
  deltas.forEach((delta, index) => {
    const weight = weights[index];
    for (let at = 0; at < sum.length; at++) sum[at] += weight * delta[at];
  });
  for (let at = 0; at < sum.length; at++) sum[at] /= bufferSize;
  return sum;
}
