/**
 * SCAFFOLD, option II: Karimireddy, Kale, Mohri, Reddi, Stich, Suresh, "SCAFFOLD: stochastic controlled averaging for
 * federated learning", ICML 2020, algorithm 1. What clients do is in ../training/control-variate.ts. The server:
 *
 *   x ← x + η_g · mean_S Δ_i,     c ← c + share · mean_S (c_i⁺ − c_i),
 *
 * so that c stays the mean of all c_i. With `uniform`, the paper's choice, every client weighs 1 and share = |S|/N. With
 * `examples` it weighs n_i, in both means, and share = Σ_S n_i / n: c is then Σ (n_i/n) c_i, whose value at an optimum of
 * Σ (n_i/n) f_i is zero, as it must be for that optimum to be a fixed point. Server momentum acts as in FedAvgM.
 */
import { z } from 'zod';
import type { Algorithm } from './algorithm.js';
import { fedAvg } from './fedavg.js';
import { MeanWithState } from './mean-with-state.js';

export const scaffoldSchema = z
  .strictObject({
    kind: z.literal('scaffold'),
    weighting: z
      .enum(['uniform', 'examples'])
      .default('uniform')
      .describe('What a client weighs: 1, as in the paper, or the size of its shard.'),
  })
  .describe(
    'Control variates against client drift (Karimireddy et al. 2020, option II); needs the client optimizer sgd.',
  );

export function scaffold({ weighting }: Pick<z.output<typeof scaffoldSchema>, 'weighting'>): Algorithm {
  return {
    kind: 'scaffold',
    weighting,
    createAggregator: (parameters, maxExamples, maxClients) =>
      new MeanWithState(parameters, weighting === 'uniform' ? maxClients : maxExamples, weighting),
    control: (parameters, state) => Float32Array.from(state?.control ?? new Float64Array(parameters)),
    serverStep: (weights, aggregate, values, state, share) => {
      const p = weights.length;
      const mean = aggregate.subarray(0, p);
      const { weights: next, state: optimizer } = fedAvg.serverStep(weights, mean, values, state, share);
      const control = aggregate.slice(p).map((change, index) => (state?.control[index] ?? 0) + share * change);
      return { weights: next, state: { ...optimizer, control } };
    },
  };
}
