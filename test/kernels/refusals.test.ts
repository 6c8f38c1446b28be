import { FedtempoError } from 'fedtempo/shared/errors.js';
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { createClientOptimizer } from 'fedtempo/shared/optimizer/client-optimizer.js';
import { describe, expect, test } from 'vitest';

const good = () => ({
  examples: 2,
  featureCount: 3,
  classCount: 2,
  features: Float32Array.of(1, 0, 2, 0, 3, 0),
  labels: Int32Array.of(0, 1),
});

const rows = (rowStarts: number[], columns: number[], values: number[]) => ({
  ...good(),
  features: new Float32Array(0),
  sparse: {
    rowStarts: Uint32Array.from(rowStarts),
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
  },
});

const indexed = (rowNumbers: number[], change: object = {}) => ({
  ...good(),
  features: new Float32Array(0),
  indexed: {
    bytes: Uint8Array.of(1, 0, 2, 0, 3, 0, 7),
    rows: Uint32Array.from(rowNumbers),
    featureOf: new Float32Array(256),
    ...change,
  },
});

const refused = [
  ['a label above the classes', { ...good(), labels: Int32Array.of(0, 2) }, /example 1 has a label outside/],
  ['a negative label', { ...good(), labels: Int32Array.of(-1, 1) }, /example 0 has a label outside/],
  ['a missing label', { ...good(), labels: Int32Array.of(0) }, /labels do not match/],
  ['NaN', { ...good(), features: Float32Array.of(1, 0, 2, 0, Number.NaN, 0) }, /example 1 .* not finite[\s\S]*NaN/],
  [
    'infinity',
    { ...good(), features: Float32Array.of(-Infinity, 0, 2, 0, 0, 0) },
    /example 0 .* not finite[\s\S]*-Inf/,
  ],
  ['missing features', { ...good(), features: new Float32Array(5) }, /features do not match/],
  ['another width', { ...good(), featureCount: 2, features: new Float32Array(4) }, /another number of features/],
  ['other classes', { ...good(), classCount: 5 }, /another number of classes/],
  ['a column outside', rows([0, 1, 2], [0, 3], [1, 1]), /example 1 has a column out of place/],
  ['columns out of order', rows([0, 2, 2], [1, 0], [1, 1]), /example 0 has a column out of place/],
  ['a repeated column', rows([0, 2, 2], [1, 1], [1, 1]), /example 0 has a column out of place/],
  ['row starts that fall', rows([0, 3, 2], [0, 1], [1, 1]), /example 1 ends before|do not agree|out of place/],
  ['row starts that end early', rows([0, 1, 1], [0, 1], [1, 1]), /do not agree/],
  ['a sparse NaN', rows([0, 1, 2], [0, 1], [1, Number.NaN]), /example 1 .* not finite/],
  ['a row of bytes that is not there', indexed([1, 2]), /example 1 is no row of the bytes[\s\S]*2[\s\S]*0 to 1/],
  ['a row too few', indexed([1]), /rows of bytes do not match/],
  ['a table of 255 values', indexed([0, 1], { featureOf: new Float32Array(255) }), /255 values[\s\S]*256 finite/],
  ['a byte that is NaN', indexed([0, 1], { featureOf: new Float32Array(256).fill(Number.NaN) }), /256 finite/],
  [
    'sparse and indexed at once',
    { ...rows([0, 0, 0], [], []), indexed: indexed([0, 1]).indexed },
    /sparse and indexed/,
  ],
  [
    'dense and sparse at once',
    { ...rows([0, 0, 0], [], []), features: new Float32Array(6) },
    /dense and sparse features/,
  ],
] as const;

describe.each([referenceKernels, wasmKernels])('the $name kernels', (kernels) => {
  test.each(refused)('refuse %s', (_, examples, message) => {
    const core = kernels.createCore(createModel([3, 2], 'relu', 'softmaxCrossEntropy'));
    expect(() => core.load(examples)).toThrow(message);
    expect(() => core.load(examples)).toThrow(FedtempoError);
  });

  test('refuse an order that does not fit the steps or the examples', () => {
    const core = kernels.createCore(createModel([3, 2], 'relu', 'softmaxCrossEntropy'));
    const steps = { batchSizes: Uint32Array.of(2), learningRates: Float32Array.of(0.1) };
    const weights = new Float32Array(8);
    expect(() => core.train(weights, Uint32Array.of(0, 1), steps)).toThrow(/load examples/);
    core.load(good());
    expect(() => core.train(weights, Uint32Array.of(0), steps)).toThrow(/batches of 2/);
    expect(() => core.train(weights, Uint32Array.of(0, 2), steps)).toThrow(/example 2 of 2/);
    expect(() => core.train(new Float32Array(7), Uint32Array.of(0, 1), steps)).toThrow(/7 weights/);
    const decayed = { ...steps, weightDecays: new Float32Array(2) };
    expect(() => core.train(weights, Uint32Array.of(0, 1), decayed)).toThrow(/column of 2/);
    expect(() => core.train(weights, Uint32Array.of(0, 1), steps, { correction: new Float32Array(1) })).toThrow(
      /correction/,
    );
  });
});

test.each([
  ['a width of 0', [3, 0, 2], 'relu', 'softmaxCrossEntropy', /impossible width[\s\S]*0/],
  ['half a width', [3, 1.5], 'relu', 'softmaxCrossEntropy', /impossible width[\s\S]*1.5/],
  ['a lone width', [3], 'relu', 'softmaxCrossEntropy', /at least an input and an output/],
  ['an unknown activation', [3, 2], 'swish', 'softmaxCrossEntropy', /unknown activation[\s\S]*swish[\s\S]*relu/],
  ['an unknown loss', [3, 2], 'relu', 'hinge', /unknown loss[\s\S]*hinge/],
  ['binary cross-entropy with two outputs', [3, 2], 'relu', 'binaryCrossEntropy', /one output/],
  ['too many parameters', [100_000, 1_000], 'relu', 'softmaxCrossEntropy', /too large/],
] as const)('a model refuses %s', (_, widths, activation, loss, message) => {
  expect(() => createModel(widths, activation as 'relu', loss as 'perceptron')).toThrow(message);
});

test.each([
  ['an unknown kind', 'lion', {}, /kind[\s\S]*lion[\s\S]*adamW/],
  ['a momentum of 1', 'momentum', { momentum: 1 }, /momentum[\s\S]*below 1/],
  ['a negative decay', 'adam', { beta2: -0.1 }, /beta2/],
  ['a NaN decay', 'adam', { beta1: Number.NaN }, /beta1[\s\S]*NaN/],
  ['an epsilon of 0', 'rmsProp', { epsilon: 0 }, /epsilon/],
  ['an epsilon below float32', 'adam', { epsilon: 1e-60 }, /epsilon/],
] as const)('a client optimizer refuses %s', (_, kind, options, message) => {
  expect(() => createClientOptimizer(kind as 'adam', options)).toThrow(message);
});
