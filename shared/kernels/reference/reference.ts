/** The reference kernels: plain TypeScript, the definition of correct, and the fallback where SIMD is missing. */
import type { Dataset } from '../../data/dataset.js';
import { writeRow } from '../../data/dense.js';
import type { Model } from '../../model/model.js';
import { plainSgd } from '../../optimizer/client-optimizer.js';
import { checkOptions, checkShape, checkSteps } from '../check.js';
import type { Core, EvaluationTotals, Kernels, StepTable, TrainingTotals, TrainOptions } from '../kernels.js';
import { activate, activateBackward } from './activation.js';
import { Counts } from './counts.js';
import { denseBackward, denseForward, denseGradient } from './dense.js';
import { lossAndDelta, predict } from './loss.js';
import { addCorrection, addDecay, addProximal, clip, ReferenceOptimizer } from './optimizer.js';

/** Rows that evaluation takes at a time; it changes no bit, since rows do not meet. */
const EVALUATION_ROWS = 64;

/** Adding and subtracting 1.5 · 2^28 rounds to a multiple of 2^−24. */
const LOSS_GRID = 402653184;

export const referenceKernels: Kernels = {
  name: 'reference',
  createCore: (model) => new ReferenceCore(model),
};

class ReferenceCore implements Core {
  readonly #model: Model;
  readonly #gradient: Float32Array;
  #examples: Dataset | undefined;
  #rows = 0;
  /** values[l] [rows × widths[l]]: the batch, then each layer's output; deltas likewise (none for the input). */
  #values: Float32Array[] = [];
  #deltas: Float32Array[] = [];

  constructor(model: Model) {
    this.#model = model;
    this.#gradient = new Float32Array(model.layout.parameters);
  }

  load(examples: Dataset): void {
    checkShape(this.#model, examples);
    this.#examples = examples;
  }

  train(weights: Float32Array, order: Uint32Array, steps: StepTable, options: TrainOptions = {}): TrainingTotals {
    checkSteps(this.#model, this.#examples, weights, order, steps);
    checkOptions(this.#model, options);
    const anchor = steps.proximals === undefined ? undefined : weights.slice();
    const optimizer = new ReferenceOptimizer(options.optimizer ?? plainSgd, weights.length);
    const totals = { examples: order.length, lossSum: 0, correct: 0 };
    let at = 0;
    for (let step = 0; step < steps.batchSizes.length; step++) {
      const batch = order.subarray(at, at + steps.batchSizes[step]);
      this.#gather(batch);
      this.#forward(weights, batch.length);
      this.#output(batch, totals);
      this.#backward(weights, batch.length);
      this.#adjust(weights, steps, step, options, anchor);
      optimizer.update(weights, this.#gradient, steps, step);
      at += batch.length;
    }
    return totals;
  }

  update(
    start: Float32Array,
    delta: Float32Array,
    order: Uint32Array,
    steps: StepTable,
    options: TrainOptions = {},
  ): TrainingTotals {
    delta.set(start);
    const totals = this.train(delta, order, steps, options);
    for (let index = 0; index < delta.length; index++) delta[index] -= start[index];
    return totals;
  }

  evaluate(weights: Float32Array): EvaluationTotals {
    const { examples, classCount } = this.#loaded();
    const counts = new Counts(classCount);
    const totals = { examples, lossSum: 0, correct: 0 };
    for (let start = 0; start < examples; start += EVALUATION_ROWS) {
      const rows = Math.min(EVALUATION_ROWS, examples - start);
      const batch = Uint32Array.from({ length: rows }, (_, row) => start + row);
      this.#gather(batch);
      this.#forward(weights, rows);
      this.#output(batch, totals, counts);
    }
    return { ...totals, ...counts };
  }

  #loaded(): Dataset {
    if (this.#examples === undefined) throw new Error('load examples before training or evaluating');
    return this.#examples;
  }

  #gather(batch: Uint32Array): void {
    const examples = this.#loaded();
    this.#reserve(batch.length);
    const x = this.#values[0];
    batch.forEach((index, row) => {
      writeRow(examples, index, x, row * examples.featureCount);
    });
  }

  #reserve(rows: number): void {
    if (rows <= this.#rows) return;
    this.#rows = rows;
    this.#values = this.#model.widths.map((width) => new Float32Array(rows * width));
    this.#deltas = this.#model.widths.map((width, layer) => new Float32Array(layer === 0 ? 0 : rows * width));
  }

  /** Leaves the activations of hidden layers and the raw outputs z of the last. */
  #forward(weights: Float32Array, rows: number): void {
    const { layers } = this.#model.layout;
    layers.forEach((layer, index) => {
      const out = this.#values[index + 1];
      denseForward(this.#values[index], weights, layer, rows, out);
      if (index + 1 < layers.length) activate(out, rows * layer.outputs, this.#model.activation);
    });
  }

  /** Adds the batch's losses, one by one, and hits to `totals`; leaves δ of the last layer. */
  #output(batch: Uint32Array, totals: { lossSum: number; correct: number }, counts?: Counts): void {
    const { labels } = this.#loaded();
    const { widths, loss } = this.#model;
    const outputs = widths[widths.length - 1];
    const z = this.#values[widths.length - 1];
    for (let row = 0; row < batch.length; row++) {
      const label = labels[batch[row]];
      const predicted = predict(z, row * outputs, outputs, loss);
      totals.correct += predicted === label ? 1 : 0;
      const value = lossAndDelta(loss, z, row * outputs, outputs, label, predicted, batch.length);
      totals.lossSum += value + LOSS_GRID - LOSS_GRID;
      counts?.add(label, predicted);
    }
    this.#deltas[widths.length - 1].set(z.subarray(0, batch.length * outputs));
  }

  /** What comes between the gradient and the optimizer. */
  #adjust(
    weights: Float32Array,
    steps: StepTable,
    step: number,
    options: TrainOptions,
    anchor: Float32Array | undefined,
  ): void {
    const gradient = this.#gradient;
    const mu = steps.proximals?.[step] ?? 0;
    if (mu !== 0) addProximal(gradient, weights, anchor!, mu);
    if (steps.clipNorms !== undefined) clip(gradient, this.#model.layout.layers, steps.clipNorms[step]);
    if (options.correction !== undefined) addCorrection(gradient, options.correction);
    const lambda = steps.weightDecays?.[step] ?? 0;
    if (lambda !== 0 && options.optimizer?.kind !== 'adamW') addDecay(gradient, weights, lambda);
  }

  /** Leaves the whole gradient [p]. */
  #backward(weights: Float32Array, rows: number): void {
    const { layers } = this.#model.layout;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index];
      const delta = this.#deltas[index + 1];
      denseGradient(this.#values[index], delta, layer, rows, this.#gradient);
      if (index === 0) break;
      const before = this.#deltas[index];
      denseBackward(delta, weights, layer, rows, before);
      activateBackward(before, this.#values[index], rows * layer.inputs, this.#model.activation);
    }
  }
}
