/** What a caller of a core may get wrong, refused before any arithmetic. */
import type { Dataset } from '../data/dataset.js';
import { FedtempoError } from '../errors.js';
import type { Model } from '../model/model.js';
import { inspect } from './inspect.js';
import type { StepTable } from './kernels.js';

/** @throws FedtempoError DATASET_INVALID if the examples are unsound or do not fit the model */
export function checkShape(model: Model, examples: Dataset): void {
  const { widths } = model;
  const [features, outputs] = [widths[0], widths[widths.length - 1]];
  if (examples.featureCount !== features) {
    throw misfit('the dataset has another number of features than the model', examples.featureCount, features);
  }
  if (examples.classCount !== outputs) {
    throw misfit('the dataset has another number of classes than the model has outputs', examples.classCount, outputs);
  }
  inspect(examples);
}

function misfit(summary: string, found: number, expected: number): FedtempoError {
  return new FedtempoError('DATASET_INVALID', summary, {
    where: 'dataset',
    found: String(found),
    expected: String(expected),
  });
}

/**
 * Checks the arguments of one call; mistakes here are defects of ours, not of a person's input.
 *
 * @returns the loaded examples and the largest batch
 */
export function checkSteps(
  model: Model,
  examples: Dataset | undefined,
  weights: Float32Array,
  order: Uint32Array,
  steps: StepTable,
): { examples: Dataset; rows: number } {
  if (examples === undefined) throw new Error('load examples before training or evaluating');
  const { parameters } = model.layout;
  if (weights.length !== parameters) throw new Error(`${weights.length} weights for ${parameters} parameters`);
  if (steps.learningRates.length !== steps.batchSizes.length) throw new Error('step table columns differ in length');
  let [sum, rows] = [0, 0];
  for (const size of steps.batchSizes) {
    if (size < 1) throw new Error('a step has an empty batch');
    sum += size;
    if (size > rows) rows = size;
  }
  if (sum !== order.length) throw new Error(`batches of ${sum} examples, but an order of ${order.length}`);
  for (const index of order) {
    if (index >= examples.examples) throw new Error(`example ${index} of ${examples.examples}`);
  }
  return { examples, rows };
}
