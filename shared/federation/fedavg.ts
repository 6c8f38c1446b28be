/**
 * Federated averaging: clients train locally, the server moves towards the example-weighted mean of their models. With
 * Δ = Σ n_k Δ_k / Σ n_k, server learning rate η_s and server momentum β_s: v ← β_s v + Δ, w ← w + η_s v.
 *
 * η_s = 1 and β_s = 0, the defaults, are the original: McMahan, Moore, Ramage, Hampson, Agüera y Arcas,
 * "Communication-efficient learning of deep networks from decentralized data", AISTATS 2017, algorithm 1. With momentum
 * it is FedAvgM: Hsu, Qi, Brown, "Measuring the effects of non-identical data distribution", 2019, section 4.3.
 */
import type { Algorithm } from './algorithm.js';
import { ExactMean } from './exact-mean.js';

export const fedAvg: Algorithm = {
  kind: 'fedavg',
  weighting: 'examples',
  createAggregator: (parameters, maxExamples) => new ExactMean(parameters, maxExamples),
  serverStep: (weights, mean, { learningRate, momentum }, state) => {
    const before = state?.velocity;
    // Velocity is kept once momentum has been used: it may come back after rounds without.
    const velocity = momentum === 0 && before === undefined ? mean : accumulate(mean, before, momentum);
    return {
      weights: weights.map((weight, index) => weight + learningRate * velocity[index]),
      state: velocity === mean ? undefined : { velocity },
    };
  },
};

function accumulate(mean: Float64Array, before: Float64Array | undefined, momentum: number): Float64Array {
  return mean.map((value, index) => value + momentum * (before?.[index] ?? 0));
}
