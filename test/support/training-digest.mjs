/**
 * Trains a few small models and gives one SHA-256 of all their weights: a page can import this as well as any Node, which is
 * how the tests compare engines. Run by a Node, it prints {kernels: digest} as JSON.
 */
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { classCountOf, createModel } from 'fedtempo/shared/model/model.js';
import { createClientOptimizer } from 'fedtempo/shared/optimizer/client-optimizer.js';

const EXAMPLES = 120;
const STEPS = 40;

/** [widths, activation, loss, optimizer, share of non-zeros, columns and correction] */
const tasks = [
  [[61, 40, 23, 10], 'relu', 'softmaxCrossEntropy', 'sgd', 0.2, false],
  [[61, 40, 23, 10], 'relu', 'softmaxCrossEntropy', 'sgd', 1, false],
  [[97, 7], 'identity', 'softmaxCrossEntropy', 'adam', 0.1, false],
  [[30, 17, 5], 'tanh', 'softmaxCrossEntropy', 'adamW', 1, true],
  [[30, 17, 1], 'sigmoid', 'binaryCrossEntropy', 'nesterov', 0.4, true],
  [[19, 13, 11, 4], 'leakyRelu', 'meanSquaredError', 'rmsProp', 1, true],
  [[19, 13, 4], 'tanh', 'perceptron', 'adagrad', 0.3, false],
  [[12, 1], 'identity', 'perceptron', 'momentum', 1, false],
];

function train(kernels, [widths, activation, loss, kind, density, extras], number) {
  const random = stream(2024, 'synthetic', number);
  const model = createModel(widths, activation, loss);
  const core = kernels.createCore(model);
  const below = classCountOf(model);
  core.load({
    examples: EXAMPLES,
    featureCount: widths[0],
    classCount: below,
    features: Float32Array.from({ length: EXAMPLES * widths[0] }, () =>
      random.uniform() < density ? random.normal() : 0,
    ),
    labels: Int32Array.from({ length: EXAMPLES }, () => random.below(below)),
  });
  const weights = initialize(model, 'uniform', number);
  const column = (high) => Float32Array.from({ length: STEPS }, () => random.uniform() * high);
  const batchSizes = Uint32Array.from({ length: STEPS }, () => 1 + random.below(13));
  const order = Uint32Array.from({ length: batchSizes.reduce((sum, size) => sum + size) }, () =>
    random.below(EXAMPLES),
  );
  const steps = { batchSizes, learningRates: column(0.05) };
  const options = { optimizer: createClientOptimizer(kind) };
  if (extras) {
    Object.assign(steps, {
      momenta: column(0.9),
      weightDecays: column(0.1),
      clipNorms: column(2),
      proximals: column(1),
    });
    options.correction = Float32Array.from({ length: weights.length }, () => random.normal() * 0.01);
  }
  const { lossSum } = core.train(weights, order, steps, options);
  const { lossSum: evaluated } = core.evaluate(weights);
  return [weights, Float64Array.of(lossSum, evaluated)];
}

/** SHA-256, in hexadecimal, of all weights and losses after all tasks. */
async function digest(kernels) {
  const parts = tasks.flatMap((task, number) => train(kernels, task, number));
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer), at);
    at += part.byteLength;
  }
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function trainingDigests() {
  return { wasm: await digest(wasmKernels), reference: await digest(referenceKernels) };
}

if (globalThis.process?.argv[1]?.endsWith('training-digest.mjs')) {
  console.log(JSON.stringify(await trainingDigests()));
}
