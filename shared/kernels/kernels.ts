/**
 * The boundary between federated learning and arithmetic.
 *
 * A `Kernels` makes cores; a core is one thread's arena for one model. Everything inside is float32, and every
 * implementation must give the bits that this order of operations gives (⊕ ⊗ are float32 operations, never fused):
 *
 * - Layer: z[i][j] = (Σ_k x[i][k] ⊗ W[k][j]) ⊕ b[j]; a[i][j] = activation(z[i][j]).
 * - Output (softmax cross-entropy): m = max_j z_j, e_j = exp(z_j − m), s = Σ_j e_j, p_j = e_j / s,
 *   loss = ln s − (z_y − m), δ_j = (p_j − [j = y]) / B.
 * - Backward: δ'[i][k] = (Σ_j δ[i][j] ⊗ W[k][j]) · activation'(a[i][k]), with W before its update; none for the input.
 * - Gradients: g_W[k][j] = Σ_i x[i][k] ⊗ δ[i][j]; g_b[j] = Σ_i δ[i][j].
 * - Update: w ← w ⊖ η ⊗ g.
 *
 * Every Σ starts at +0 and runs in ascending index order with one accumulator. Terms whose factor x or δ is zero may be
 * left out: with finite weights that changes no bit, since a sum that began at +0 never becomes −0.
 * Losses add up in float64, in the order in which the examples were used.
 */
import type { Dataset } from '../data/dataset.js';
import type { Model } from '../model/model.js';

/** What each local step uses. Arrays [steps]. */
export interface StepTable {
  /** Examples of each step, ≥ 1. Their sum is the length of the order of examples. */
  readonly batchSizes: Uint32Array;
  /** η of each step. */
  readonly learningRates: Float32Array;
}

/** What training saw: each example at the weights its step began with. */
export interface TrainingTotals {
  /** Examples used, counted once for each time they were used. */
  readonly examples: number;
  /** Sum of the examples' losses. */
  readonly lossSum: number;
  /** Examples whose largest output was their label. */
  readonly correct: number;
}

/** What evaluation saw. */
export interface EvaluationTotals extends TrainingTotals {
  /** [k × k]: row = label, column = prediction. */
  readonly confusion: Uint32Array;
}

/** One thread's arena for one model. Not to be shared between threads. */
export interface Core {
  /** Takes the examples that `train` and `evaluate` index, in place of those before. */
  load(examples: Dataset): void;

  /**
   * Runs mini-batch SGD over the loaded examples.
   *
   * @param weights [p], updated in place
   * @param order indices of loaded examples, step after step; length = Σ batchSizes
   */
  train(weights: Float32Array, order: Uint32Array, steps: StepTable): TrainingTotals;

  /** Loss, hits and confusion matrix of `weights` [p] over all loaded examples, in their order. */
  evaluate(weights: Float32Array): EvaluationTotals;
}

export interface Kernels {
  readonly name: string;
  createCore(model: Model): Core;
}
