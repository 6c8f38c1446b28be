/** What a model is: widths, hidden activation and loss, checked when it is made. */
import { FedtempoError } from '../errors.js';
import { layoutOf, type ModelLayout } from './layout.js';

/** Activations of hidden layers; `leakyRelu` has slope 0.01 below 0. The kernels number them in this order. */
export const activations = ['identity', 'relu', 'tanh', 'sigmoid', 'leakyRelu'] as const;
export type Activation = (typeof activations)[number];

/**
 * Losses, each with the output activation it implies. z are the last layer's raw outputs, y the label, k the last width;
 * a batch's loss is the mean over its examples. The kernels number them in this order.
 *
 * - `softmaxCrossEntropy`: −ln softmax(z)_y. PyTorch's CrossEntropyLoss, reduction 'mean'.
 * - `binaryCrossEntropy`: one output, classes 0 and 1; −ln σ(z) or −ln(1 − σ(z)). PyTorch's BCEWithLogitsLoss, 'mean'.
 * - `meanSquaredError`: (1/k) Σ_j (z_j − t_j)², t one-hot, or for one output the label itself (0 or 1; predicted 1 above ½).
 *   PyTorch's MSELoss, 'mean' over all B·k elements.
 * - `perceptron`: max_j z_j − z_y (Kesler's construction, Duda & Hart 1973); for one output and s = ±1, max(0, −s·z)
 *   (Rosenblatt 1958), which at z = 0 still learns.
 */
export const losses = ['softmaxCrossEntropy', 'binaryCrossEntropy', 'meanSquaredError', 'perceptron'] as const;
export type Loss = (typeof losses)[number];

/** The widest layer admitted, and the most parameters. */
export const MAX_WIDTH = 1_000_000;
export const MAX_PARAMETERS = 64_000_000;

/** A multilayer perceptron. `widths` = [d, h1, …, k]; without hidden layers it is a linear model. */
export interface Model {
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly loss: Loss;
  readonly layout: ModelLayout;
}

/**
 * Makes a model.
 *
 * @throws FedtempoError MODEL_INVALID for a width outside 1..1,000,000, more than 64 million parameters, an unknown
 *   name, or a last width that the loss cannot serve
 */
export function createModel(widths: readonly number[], activation: Activation, loss: Loss): Model {
  if (widths.length < 2)
    throw invalid('a model needs at least an input and an output width', `${widths.length} widths`, '2 or more');
  for (const width of widths) {
    if (!Number.isInteger(width) || width < 1 || width > MAX_WIDTH) {
      throw invalid('a layer has an impossible width', String(width), `an integer from 1 to ${MAX_WIDTH}`);
    }
  }
  if (!activations.includes(activation))
    throw invalid('unknown activation', String(activation), activations.join(', '));
  if (!losses.includes(loss)) throw invalid('unknown loss', String(loss), losses.join(', '));
  const outputs = widths[widths.length - 1];
  if (loss === 'binaryCrossEntropy' && outputs !== 1) {
    throw invalid('binary cross-entropy needs one output', `${outputs} outputs`, 'a last width of 1');
  }
  const layout = layoutOf(widths);
  if (layout.parameters > MAX_PARAMETERS) {
    throw invalid('the model is too large', `${layout.parameters} parameters`, `at most ${MAX_PARAMETERS}`);
  }
  return Object.freeze({ widths: Object.freeze([...widths]), activation, loss, layout });
}

/** k of the datasets that `model` serves: its outputs, or 2 where a single output separates two classes. */
export function classCountOf({ widths, loss }: Pick<Model, 'widths' | 'loss'>): number {
  const outputs = widths[widths.length - 1];
  return outputs === 1 && loss !== 'softmaxCrossEntropy' ? 2 : outputs;
}

/** Outputs of a model for k classes: one for `binaryCrossEntropy`, whose sigmoid unit tells two classes apart, else k. */
export function outputCount(loss: Loss, classCount: number): number {
  if (loss !== 'binaryCrossEntropy') return classCount;
  if (classCount === 2) return 1;
  throw new FedtempoError('MODEL_INVALID', 'binary cross-entropy is for two classes', {
    where: 'model.loss',
    found: `a dataset of ${classCount} classes`,
    expected: '2',
    fix: 'use model.loss: softmaxCrossEntropy',
  });
}

function invalid(summary: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('MODEL_INVALID', summary, { where: 'model', found, expected });
}
