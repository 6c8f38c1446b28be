/**
 * FedBuff: the server takes a step whenever its buffer holds K updates, Δ = (1/K) Σ s(τ_i) Δ_i, weighted by staleness and
 * not by examples; M clients, the cohort's size, are in training at any time.
 *
 * Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek, Huba, "Federated learning with buffered asynchronous aggregation",
 * AISTATS 2022, algorithm 1.
 */
import { z } from 'zod';
import type { AsynchronousRule } from './rule.js';
import { stalenessSchema, stalenessWeight } from './staleness.js';

export const fedBuffSchema = z
  .strictObject({
    kind: z.literal('fedbuff'),
    bufferSize: z.int().min(1).max(1_000_000).default(10).describe('K: updates in a server step.'),
    maxStaleness: z.int().min(0).optional().describe('Updates that began longer ago, in versions, are discarded.'),
    staleness: stalenessSchema.prefault({ kind: 'polynomial', a: 0.5 }),
  })
  .describe('Buffered asynchronous aggregation (Nguyen et al. 2022); the cohort is how many train at once.');

export function fedBuff({ bufferSize, staleness }: z.output<typeof fedBuffSchema>): AsynchronousRule {
  return {
    bufferSize,
    keep: (_, delta) => delta,
    // Divided by K even where updates failed: the weights' sum is no divisor either.
    aggregate: (arrivals, weights) => {
      const sum = new Float64Array(weights.length);
      for (const { kept, staleness: tau } of arrivals) {
        const weight = stalenessWeight(staleness, tau);
        for (let index = 0; index < sum.length; index++) sum[index] += weight * kept[index];
      }
      return sum.map((value) => value / bufferSize);
    },
  };
}
