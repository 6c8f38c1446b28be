import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { RandomStream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { activations, classCountOf, createModel, losses, type Model } from 'fedtempo/shared/model/model.js';
import { expect, test } from 'vitest';
import { randomExamples } from '../support/kernel-cases.js';

// An oracle that shares nothing with the kernels: forward and loss in float64 with the engine's own functions.
function meanLoss(model: Model, weights: Float64Array, x: Float32Array, labels: Int32Array): number {
  const [features] = model.widths;
  let sum = 0;
  labels.forEach((label, row) => {
    let a = Array.from(x.subarray(row * features, (row + 1) * features));
    model.layout.layers.forEach((layer, index) => {
      const z = Array.from({ length: layer.outputs }, (_, j) => weights[layer.biases + j]);
      a.forEach((value, k) => {
        for (let j = 0; j < z.length; j++) z[j] += value * weights[layer.weights + k * z.length + j];
      });
      a = index + 1 < model.layout.layers.length ? z.map(activationOf(model)) : z;
    });
    sum += lossOf(model, a, label);
  });
  return sum / labels.length;
}

const activationOf = ({ activation }: Model) =>
  ({
    identity: (z: number) => z,
    relu: (z: number) => Math.max(0, z),
    tanh: Math.tanh,
    sigmoid: (z: number) => 1 / (1 + Math.exp(-z)),
    leakyRelu: (z: number) => (z > 0 ? z : 0.01 * z),
  })[activation];

function lossOf({ loss }: Model, z: number[], label: number): number {
  const one = z.length === 1;
  const sign = label === 1 ? 1 : -1;
  switch (loss) {
    case 'softmaxCrossEntropy':
      return Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[label];
    case 'binaryCrossEntropy':
      return Math.log(1 + Math.exp(-sign * z[0]));
    case 'meanSquaredError':
      return z.reduce((sum, value, j) => sum + (value - (one ? label : j === label ? 1 : 0)) ** 2, 0) / z.length;
    case 'perceptron':
      return one ? Math.max(0, -sign * z[0]) : Math.max(...z) - z[label];
  }
}

const combinations = activations.flatMap((activation) =>
  losses.flatMap((loss) =>
    (loss === 'binaryCrossEntropy' ? [1] : loss === 'softmaxCrossEntropy' ? [3] : [1, 3]).map(
      (outputs) => [activation, loss, outputs] as const,
    ),
  ),
);

test.each(combinations)('the gradient agrees with central differences: %s, %s, %i outputs', (activation, loss, k) => {
  const random = new RandomStream(11, 'synthetic', 0, 0);
  const model = createModel([6, 5, 4, k], activation, loss);
  const shape = { examples: 7, featureCount: 6, classCount: classCountOf(model) };
  const examples = randomExamples(shape, 1, 'dense', random);
  const weights = initialize(model, 'uniform', 5);
  const core = referenceKernels.createCore(model);
  core.load(examples);
  // One step of plain SGD at rate 1 leaves w − g.
  const after = weights.slice();
  const steps = { batchSizes: Uint32Array.of(7), learningRates: Float32Array.of(1) };
  const { lossSum } = core.train(
    after,
    Uint32Array.from({ length: 7 }, (_, index) => index),
    steps,
  );
  const exact = Float64Array.from(weights);
  expect(lossSum / 7).toBeCloseTo(meanLoss(model, exact, examples.features, examples.labels), 5);
  const width = 1e-6;
  weights.forEach((weight, index) => {
    exact[index] = weight + width;
    const above = meanLoss(model, exact, examples.features, examples.labels);
    exact[index] = weight - width;
    const below = meanLoss(model, exact, examples.features, examples.labels);
    exact[index] = weight;
    // float32 kernels and a difference of weights below 2: a few 2^−24 of each.
    expect(Math.abs(weight - after[index] - (above - below) / (2 * width))).toBeLessThan(1e-6);
  });
});
