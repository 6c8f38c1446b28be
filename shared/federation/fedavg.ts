/**
 * Federated averaging: clients run plain SGD, the server moves to the example-weighted mean of their models,
 * w ← w + Σ n_k Δ_k / Σ n_k.
 *
 * Source: McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-efficient learning of deep networks from
 * decentralized data", AISTATS 2017, algorithm 1.
 */
import type { Algorithm } from './algorithm.js';
import { ExactMean } from './exact-mean.js';

export const fedAvg: Algorithm = {
  kind: 'fedavg',
  createAggregator: (parameters, maxExamples) => new ExactMean(parameters, maxExamples),
  serverStep: (weights, mean) => weights.map((weight, index) => weight + mean[index]),
};
