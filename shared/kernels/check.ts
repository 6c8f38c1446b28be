/** What a caller of a core may get wrong, refused before any arithmetic. */
import type { Dataset } from '../data/dataset.js';
import { FedtempoError } from '../errors.js';
import { classCountOf, type Model } from '../model/model.js';
import { inspect } from './inspect.js';
import type { StepTable, TrainOptions } from './kernels.js';

/** @throws FedtempoError DATASET_INVALID if the examples are unsound or do not fit the model */
export function checkShape(model: Model, examples: Dataset): void {
  const [features, classes] = [model.widths[0], classCountOf(model)];
  if (examples.featureCount !== features) {
    throw misfit('the dataset has another number of features than the model', examples.featureCount, features);
  }
  if (examples.classCount !== classes) {
    throw misfit('the dataset has another number of classes than the model serves', examples.classCount, classes);
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
  const { batchSizes, learningRates, momenta, weightDecays, clipNorms, proximals } = steps;
  for (const column of [learningRates, momenta, weightDecays, clipNorms, proximals]) {
    if (column === undefined || column.length === batchSizes.length) continue;
    throw new Error(`a step table column of ${column.length} values for ${batchSizes.length} steps`);
  }
  let [sum, rows] = [0, 0];
  for (const size of batchSizes) {
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

/** Checks the options of one training; mistakes here are defects of ours. */
export function checkOptions(model: Model, { correction }: TrainOptions): void {
  const { parameters } = model.layout;
  if (correction !== undefined && correction.length !== parameters) {
    throw new Error(`a correction of ${correction.length} values for ${parameters} parameters`);
  }
}
