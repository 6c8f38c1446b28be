/** Arbitrary models, datasets and step tables for the kernels' properties. */
import fc from 'fast-check';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import type { Kernels, StepTable, TrainOptions } from 'fedtempo/shared/kernels/kernels.js';
import { RandomStream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import {
  type Activation,
  activations,
  classCountOf,
  createModel,
  type Loss,
  losses,
  type Model,
} from 'fedtempo/shared/model/model.js';
import {
  type ClientOptimizerKind,
  clientOptimizers,
  createClientOptimizer,
} from 'fedtempo/shared/optimizer/client-optimizer.js';
import { expect } from 'vitest';

/** Widths where tiles of 5, 8, 12 and 40 have every kind of tail. */
export const width = fc.oneof(fc.integer({ min: 1, max: 17 }), fc.constantFrom(19, 23, 40, 43, 53, 61, 97));

export interface Case {
  readonly model: Model;
  readonly examples: Dataset;
  readonly weights: Float32Array;
  readonly order: Uint32Array;
  readonly steps: StepTable;
  readonly options: TrainOptions;
}

const forms = ['dense', 'sparse', 'indexed'] as const;
export type Form = (typeof forms)[number];

type Shape = Pick<Dataset, 'examples' | 'featureCount' | 'classCount'>;

const extras = ['momenta', 'weightDecays', 'clipNorms', 'proximals', 'correction'] as const;
export type Extra = (typeof extras)[number];

export interface CaseParts {
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly loss: Loss;
  readonly optimizer: ClientOptimizerKind;
  /** Columns of the step table, and the correction, that are given. */
  readonly extras: readonly Extra[];
  readonly density: number;
  readonly form: Form;
  readonly batchSizes: readonly number[];
  readonly seed: number;
}

export const caseParts: fc.Arbitrary<CaseParts> = fc.record({
  widths: fc.array(width, { minLength: 2, maxLength: 4 }),
  activation: fc.constantFrom(...activations),
  loss: fc.constantFrom(...losses),
  optimizer: fc.oneof({ weight: 1, arbitrary: fc.constant('sgd' as const) }, fc.constantFrom(...clientOptimizers)),
  extras: fc.oneof(fc.constant([]), fc.subarray([...extras])),
  density: fc.constantFrom(0, 0.05, 0.2, 0.45, 0.8, 1),
  form: fc.constantFrom(...forms),
  batchSizes: fc.array(fc.integer({ min: 1, max: 13 }), { minLength: 1, maxLength: 4 }),
  seed: fc.nat(1_000_000),
});

/** Examples with about `density` of their values not zero: dense, as lists of non-zeros, or as rows of bytes. */
export function randomExamples(shape: Shape, density: number, form: Form, random: RandomStream): Dataset {
  const { examples, featureCount, classCount } = shape;
  if (form === 'indexed') return randomBytes(shape, density, random);
  const features = Float32Array.from({ length: examples * featureCount }, () =>
    random.uniform() < density ? random.normal() : 0,
  );
  const labels = Int32Array.from({ length: examples }, () => random.below(classCount));
  const dense = { ...shape, features, labels };
  return form === 'sparse' ? toSparse(dense) : dense;
}

/** Rows drawn, some twice, from a matrix of bytes, that begins anywhere; in a third of the cases the byte 0 is not the feature 0. */
function randomBytes({ examples, featureCount, classCount }: Shape, density: number, random: RandomStream): Dataset {
  const whole = examples + random.below(9);
  const offset = random.below(20);
  const bytes = new Uint8Array(offset + whole * featureCount).subarray(offset);
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.uniform() < density ? 1 + random.below(255) : 0;
  const [scale, shift] = [0.5 + random.uniform(), random.below(3) === 0 ? 0.25 : 0];
  const indexed = {
    bytes,
    rows: Uint32Array.from({ length: examples }, () => random.below(whole)),
    // Bytes from 200 on stand for zero too, as a table may have it.
    featureOf: Float32Array.from({ length: 256 }, (_, byte) => (byte < 200 ? (byte / 255) * scale : 0) - shift),
  };
  const labels = Int32Array.from({ length: examples }, () => random.below(classCount));
  return { examples, featureCount, classCount, features: new Float32Array(0), labels, indexed };
}

export function toSparse(dense: Dataset): Dataset {
  const rowStarts = [0];
  const columns: number[] = [];
  const values: number[] = [];
  dense.features.forEach((value, at) => {
    if (value !== 0) {
      columns.push(at % dense.featureCount);
      values.push(value);
    }
    if ((at + 1) % dense.featureCount === 0) rowStarts.push(columns.length);
  });
  const sparse = {
    rowStarts: Uint32Array.from(rowStarts),
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
  };
  return { ...dense, features: new Float32Array(0), sparse };
}

export function makeCase(parts: CaseParts): Case {
  const random = new RandomStream(parts.seed, 'synthetic', 0, 0);
  const widths = [...parts.widths];
  if (parts.loss === 'binaryCrossEntropy') widths[widths.length - 1] = 1;
  const model = createModel(widths, parts.activation, parts.loss);
  const shape = { examples: 29, featureCount: widths[0], classCount: classCountOf(model) };
  const examples = randomExamples(shape, parts.density, parts.form, random);
  const total = parts.batchSizes.reduce((sum, size) => sum + size, 0);
  const column = (low: number, high: number) =>
    Float32Array.from(parts.batchSizes, () => (random.below(4) === 0 ? low : low + random.uniform() * (high - low)));
  const columns = {
    momenta: column(0, 0.99),
    weightDecays: column(0, 0.1),
    clipNorms: column(0.01, 2).map((norm) => (norm > 1.5 ? Number.POSITIVE_INFINITY : norm)),
    proximals: column(0, 1),
  };
  const correction = Float32Array.from({ length: model.layout.parameters }, () => random.normal() * 0.01);
  return {
    model,
    examples,
    weights: initialize(model, 'uniform', parts.seed),
    order: Uint32Array.from({ length: total }, () => random.below(29)),
    steps: {
      batchSizes: Uint32Array.from(parts.batchSizes),
      learningRates: column(0.001, 0.1),
      ...Object.fromEntries(Object.entries(columns).filter(([name]) => parts.extras.includes(name as Extra))),
    },
    options: {
      optimizer: createClientOptimizer(parts.optimizer),
      ...(parts.extras.includes('correction') ? { correction } : {}),
    },
  };
}

/** Everything that training and then evaluating gives, weights as words so that equality is equality of bits. */
export function outcome(kernels: Kernels, { model, examples, weights, order, steps, options }: Case) {
  const core = kernels.createCore(model);
  core.load(examples);
  const trained = weights.slice();
  const delta = new Float32Array(weights.length);
  const [first, , second] = [
    core.update(weights, delta, order, steps, options),
    delta.fill(Number.NaN),
    core.update(weights, delta, order, steps, options),
  ];
  const totals = core.train(trained, order, steps, options);
  expect([first, second]).toEqual([totals, totals]);
  const moved = trained.map((value, index) => value - weights[index]);
  expect(new Uint32Array(delta.buffer)).toEqual(new Uint32Array(moved.buffer));
  return { words: new Uint32Array(trained.buffer), totals, evaluation: core.evaluate(trained) };
}
