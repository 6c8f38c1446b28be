/** The reference kernels: plain TypeScript, the definition of correct, and the fallback where SIMD is missing. */
import type { Dataset } from '../../data/dataset.js';
import type { Model } from '../../model/model.js';
import { checkShape, checkSteps } from '../check.js';
import type { Core, EvaluationTotals, Kernels, StepTable, TrainingTotals } from '../kernels.js';
import { activate, activateBackward } from './activation.js';
import { denseBackward, denseForward, denseGradient } from './dense.js';
import { argmax, softmaxCrossEntropy, softmaxDelta } from './loss.js';

/** Rows that evaluation takes at a time; it changes no bit, since rows do not meet. */
const EVALUATION_ROWS = 64;

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

  train(weights: Float32Array, order: Uint32Array, steps: StepTable): TrainingTotals {
    checkSteps(this.#model, this.#examples, weights, order, steps);
    let [at, lossSum, correct] = [0, 0, 0];
    for (let step = 0; step < steps.batchSizes.length; step++) {
      const batch = order.subarray(at, at + steps.batchSizes[step]);
      this.#gather(batch);
      this.#forward(weights, batch.length);
      const seen = this.#output(batch, lossSum);
      lossSum = seen.lossSum;
      correct += seen.correct;
      this.#backward(weights, batch.length);
      const rate = steps.learningRates[step];
      const gradient = this.#gradient;
      for (let i = 0; i < weights.length; i++) weights[i] -= Math.fround(rate * gradient[i]);
      at += batch.length;
    }
    return { examples: at, lossSum, correct };
  }

  evaluate(weights: Float32Array): EvaluationTotals {
    const { examples, classCount, labels } = this.#loaded();
    const confusion = new Uint32Array(classCount * classCount);
    let [lossSum, correct] = [0, 0];
    for (let start = 0; start < examples; start += EVALUATION_ROWS) {
      const rows = Math.min(EVALUATION_ROWS, examples - start);
      this.#gather(Uint32Array.from({ length: rows }, (_, row) => start + row));
      this.#forward(weights, rows);
      const z = this.#values[this.#values.length - 1];
      for (let row = 0; row < rows; row++) {
        const label = labels[start + row];
        const predicted = argmax(z, row * classCount, classCount);
        confusion[label * classCount + predicted] += 1;
        correct += predicted === label ? 1 : 0;
        lossSum += softmaxCrossEntropy(z, row, classCount, label);
      }
    }
    return { examples, lossSum, correct, confusion };
  }

  #loaded(): Dataset {
    if (this.#examples === undefined) throw new Error('load examples before training or evaluating');
    return this.#examples;
  }

  #gather(batch: Uint32Array): void {
    const { features, featureCount, sparse } = this.#loaded();
    this.#reserve(batch.length);
    const x = this.#values[0];
    if (sparse !== undefined) {
      x.fill(0, 0, batch.length * featureCount);
      for (let row = 0; row < batch.length; row++) {
        const end = sparse.rowStarts[batch[row] + 1];
        for (let at = sparse.rowStarts[batch[row]]; at < end; at++) {
          x[row * featureCount + sparse.columns[at]] = sparse.values[at];
        }
      }
      return;
    }
    for (let row = 0; row < batch.length; row++) {
      const from = batch[row] * featureCount;
      x.set(features.subarray(from, from + featureCount), row * featureCount);
    }
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

  /** Hits of the batch and `before` plus its losses, one by one; leaves δ of the last layer. */
  #output(batch: Uint32Array, before: number): { lossSum: number; correct: number } {
    const { labels, classCount } = this.#loaded();
    const last = this.#values.length - 1;
    const z = this.#values[last];
    let [lossSum, correct] = [before, 0];
    for (let row = 0; row < batch.length; row++) {
      const label = labels[batch[row]];
      correct += argmax(z, row * classCount, classCount) === label ? 1 : 0;
      lossSum += softmaxCrossEntropy(z, row, classCount, label);
      softmaxDelta(z, row, classCount, label, batch.length);
    }
    this.#deltas[last].set(z.subarray(0, batch.length * classCount));
    return { lossSum, correct };
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
