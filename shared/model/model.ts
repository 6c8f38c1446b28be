/** What a model is: widths, hidden activation and loss, checked when it is made. */
import { FedtempoError } from '../errors.js';
import { layoutOf, type ModelLayout } from './layout.js';

/** Activations of hidden layers. The kernels number them in this order. */
export const activations = ['identity', 'relu', 'tanh', 'sigmoid'] as const;
export type Activation = (typeof activations)[number];

/** Losses, each with the output activation it implies. */
export const losses = ['softmaxCrossEntropy'] as const;
export type Loss = (typeof losses)[number];

/** The widest layer admitted, and the most parameters. */
export const MAX_WIDTH = 1_000_000;
export const MAX_PARAMETERS = 64_000_000;

/** A multilayer perceptron. `widths` = [d, h1, …, k]; without hidden layers it is softmax regression. */
export interface Model {
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly loss: Loss;
  readonly layout: ModelLayout;
}

/**
 * Makes a model.
 *
 * @throws FedtempoError MODEL_INVALID for a width outside 1..1,000,000, more than 64 million parameters, or an unknown name
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
  const layout = layoutOf(widths);
  if (layout.parameters > MAX_PARAMETERS) {
    throw invalid('the model is too large', `${layout.parameters} parameters`, `at most ${MAX_PARAMETERS}`);
  }
  return Object.freeze({ widths: Object.freeze([...widths]), activation, loss, layout });
}

function invalid(summary: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('MODEL_INVALID', summary, { where: 'model', found, expected });
}
