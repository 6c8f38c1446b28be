/**
 * The boundary between federated learning and arithmetic.
 *
 * A `Kernels` makes cores; a core is one thread's arena for one model. Everything inside is float32, and every
 * implementation must give the bits that this order of operations gives (⊕ ⊗ are float32 operations, never fused):
 *
 * - Layer: z[i][j] = (Σ_k x[i][k] ⊗ W[k][j]) ⊕ b[j]; a[i][j] = activation(z[i][j]).
 * - Output: the loss of a row and δ[i][j] = ∂(mean loss)/∂z[i][j], as in ./reference/loss.ts.
 * - Backward: δ'[i][k] = (Σ_j δ[i][j] ⊗ W[k][j]) · activation'(a[i][k]), with W before its update; none for the input.
 * - Gradients: g_W[k][j] = Σ_i x[i][k] ⊗ δ[i][j]; g_b[j] = Σ_i δ[i][j].
 * - Then, each only where the step asks for it:
 *   g ← g ⊕ μ ⊗ (w ⊖ anchor), anchor = the weights that `train` began with (Li et al. 2020, FedProx);
 *   g ← g ⊗ c/(‖g‖ + 1e-6) if that factor is below 1 (PyTorch's clip_grad_norm_; the norm's sum is float64, in four
 *   parts by column j mod 4: each W in panels of 16 columns, a panel row by row, then b, layer after layer; the parts add
 *   up as (s0 + s1) + (s2 + s3));
 *   g ← g ⊕ correction (Karimireddy et al. 2020, SCAFFOLD: c − c_i);
 *   g ← g ⊕ λ ⊗ w (but `adamW`).
 * - Update: as in ../optimizer/client-optimizer.ts and ./reference/optimizer.ts; plain SGD is w ← w ⊖ η ⊗ g.
 *
 * Every Σ starts at +0 and runs in ascending index order with one accumulator. Terms whose factor x or δ is zero may be
 * left out: with finite weights that changes no bit, since a sum that began at +0 never becomes −0.
 * Losses are rounded to multiples of 2^−24 and add up in float64: exactly while the sum is below 2^29, so that the loss of
 * a test set does not depend on how threads divided it.
 */
import type { Dataset } from '../data/dataset.js';
import type { Model } from '../model/model.js';
import type { ClientOptimizer } from '../optimizer/client-optimizer.js';

/** What each local step uses. Arrays [steps]; a column that is left out asks for nothing. */
export interface StepTable {
  /** Examples of each step, ≥ 1. Their sum is the length of the order of examples. */
  readonly batchSizes: Uint32Array;
  /** η of each step. */
  readonly learningRates: Float32Array;
  /** β of each step, in place of the optimizer's; `momentum` and `nesterov` only. */
  readonly momenta?: Float32Array;
  /** λ of each step, ≥ 0; weights and biases alike. */
  readonly weightDecays?: Float32Array;
  /** Largest norm of the whole gradient in each step, > 0; Infinity for none. */
  readonly clipNorms?: Float32Array;
  /** FedProx's μ of each step, ≥ 0. */
  readonly proximals?: Float32Array;
}

/** What holds for all steps of one training. */
export interface TrainOptions {
  /** Default: plain SGD. Its state begins at zero. */
  readonly optimizer?: ClientOptimizer;
  /** [p], added to every gradient. */
  readonly correction?: Float32Array;
}

/** What training saw: each example at the weights its step began with. */
export interface TrainingTotals {
  /** Examples used, counted once for each time they were used. */
  readonly examples: number;
  /** Sum of the examples' losses. */
  readonly lossSum: number;
  /** Examples whose prediction was their label. */
  readonly correct: number;
}

/** What evaluation saw. */
export interface EvaluationTotals extends TrainingTotals {
  /** [k]: examples of each label. */
  readonly classExamples: Uint32Array;
  /** [k]: examples of each label that were predicted right. */
  readonly classCorrect: Uint32Array;
  /** [k × k]: row = label, column = prediction. Empty where k > 1,024. */
  readonly confusion: Uint32Array;
}

/** Above this many classes evaluation leaves the confusion matrix out: it would outgrow the model. */
export const MAX_CONFUSION_CLASSES = 1024;

/** One thread's arena for one model. Not to be shared between threads. */
export interface Core {
  /**
   * Takes the examples that `train` and `evaluate` index, in place of those before. They may be kept: do not change a
   * dataset once it was loaded.
   *
   * @throws FedtempoError DATASET_INVALID if they do not fit the model, or hold a bad label or a value that is not finite
   */
  load(examples: Dataset): void;

  /**
   * Runs local training over the loaded examples.
   *
   * @param weights [p], updated in place
   * @param order indices of loaded examples, step after step; length = Σ batchSizes
   */
  train(weights: Float32Array, order: Uint32Array, steps: StepTable, options?: TrainOptions): TrainingTotals;

  /**
   * Does the same to a copy of `start` and tells by how much it moved.
   *
   * @param start [p], left as it is. The core may keep it in a layout of its own: an array that was given once must never
   *   change afterwards
   * @param delta [p], receives trained ⊖ start
   */
  update(
    start: Float32Array,
    delta: Float32Array,
    order: Uint32Array,
    steps: StepTable,
    options?: TrainOptions,
  ): TrainingTotals;

  /** Loss, hits, counts per class and confusion matrix of `weights` [p] over all loaded examples, in their order. */
  evaluate(weights: Float32Array): EvaluationTotals;
}

export interface Kernels {
  readonly name: string;
  /** @param keepBytes room for examples that were loaded before and may come back; each implementation has its default */
  createCore(model: Model, keepBytes?: number): Core;
}
