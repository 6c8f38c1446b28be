import { loadData } from 'fedtempo/client/load-data.js';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { trainLocally } from 'fedtempo/shared/training/local-training.js';
import type { RoundPlan } from 'fedtempo/shared/training/round-plan.js';
import { beforeAll, describe, expect, test } from 'vitest';

const [{ scenario }] = loadScenarios(
  `
schemaVersion: 1
name: local-training
seed: 3
data: { dataset: digits, partition: { kind: iid, clients: 12 } }
model: { kind: mlp, hidden: [9], activation: tanh, initialization: glorot }
federation: { rounds: 8, cohort: { size: 4 }, localEpochs: 2 }
schedules: { learningRate: 0.2, batchSize: 7 }
`,
  'local-training.yaml',
);
const basePlan = roundPlanner(scenario, { examples: 1500 }).plan(3, 125);

/** A clock that gives these times in turn. */
function clock(...times: number[]): () => number {
  let at = 0;
  return () => times[at++];
}

describe('on a softmax regression of two classes, worked out by hand', () => {
  // Two features, two classes: W [2 × 2], then b [2]. Both classes have the same weights, so that p = ½ exactly and
  // δ = (½ − [j = y])/4. Label 0 has x = (1, 2); label 1 has (3, −1), (0.5, 0), (−2, 4), in all (1.5, 3).
  const shard: Dataset = {
    examples: 4,
    featureCount: 2,
    classCount: 2,
    features: Float32Array.of(1, 2, 3, -1, 0.5, 0, -2, 4),
    labels: Int32Array.of(0, 1, 1, 1),
  };
  const global = [0.25, 0.25, -0.5, -0.5, 0.125, 0.125];
  // g_W[·][0] = (−1 + 1.5, −2 + 3)/8 = (1/16, 1/8), g_b[0] = (−1 + 3)/8 = 1/4; the other class has the opposite.
  const gradient = [0.0625, -0.0625, 0.125, -0.125, 0.25, -0.25];

  const train = (plan: Partial<RoundPlan>, kernels: 'reference' | 'auto', weights = Float32Array.from(global)) =>
    trainLocally(chooseKernels(kernels).createCore(createModel([2, 2], 'relu', 'softmaxCrossEntropy')), {
      plan: { ...basePlan, batchSize: 'full', work: { localSteps: 1 }, learningRate: 0.5, ...plan },
      client: 6,
      weights,
      shard,
      seed: 9,
      now: clock(1000, 1012.5),
    });

  test.each(['reference', 'auto'] as const)('one full batch is one gradient step of size η (%s kernels)', (kernels) => {
    const update = train({}, kernels);
    expect([...update.delta]).toEqual(gradient.map((part) => -0.5 * part));
    expect(update).toMatchObject({ kind: 'update', round: 3, client: 6, examples: 4, trainMs: 12.5 });
    expect(update.used).toEqual({
      learningRateFirst: 0.5,
      learningRateLast: 0.5,
      batchSize: 4,
      steps: 1,
      truncatedBatches: 0,
    });
    // A tie counts for the first class: only the one example of label 0 is right.
    expect(update.metrics).toMatchObject({ accuracy: 0.25, examplesUsed: 4 });
    expect(update.metrics.loss).toBeCloseTo(Math.LN2, 6);
  });

  test('half the learning rate moves half as far', () => {
    expect([...train({ learningRate: 0.25 }, 'auto').delta]).toEqual(gradient.map((part) => -0.25 * part));
  });

  test('a learning rate of 0 moves nothing', () => {
    const update = train({ learningRate: 0, work: { localEpochs: 3 } }, 'auto');
    expect(update.delta.every((value) => value === 0)).toBe(true);
    expect(update.used).toEqual({
      learningRateFirst: 0,
      learningRateLast: 0,
      batchSize: 4,
      steps: 3,
      truncatedBatches: 0,
    });
  });

  test('a batch size above the shard is the whole shard, and is told as used', () => {
    const update = train({ batchSize: 10 }, 'auto');
    expect(update.delta).toEqual(train({}, 'auto').delta);
    expect(update.used.batchSize).toBe(4);
  });
});

test('with unequal weights a full batch follows the softmax', () => {
  // One feature, W = (ln 3, 0), b = 0. x = 1, label 1: p = (3/4, 1/4); x = 2, label 0: p = (9/10, 1/10).
  // g_W[0][0] = (3/4 · 1 − 1/10 · 2)/2 = 0.275, g_b[0] = (3/4 − 1/10)/2 = 0.325; η = 0.4.
  const update = trainLocally(chooseKernels('auto').createCore(createModel([1, 2], 'relu', 'softmaxCrossEntropy')), {
    plan: { ...basePlan, batchSize: 'full', work: { localSteps: 1 }, learningRate: 0.4 },
    client: 2,
    weights: Float32Array.of(Math.log(3), 0, 0, 0),
    shard: {
      examples: 2,
      featureCount: 1,
      classCount: 2,
      features: Float32Array.of(1, 2),
      labels: Int32Array.of(1, 0),
    },
    seed: 9,
    now: clock(0, 5),
  });
  [-0.11, 0.11, -0.13, 0.13].forEach((value, index) => {
    expect(update.delta[index]).toBeCloseTo(value, 6);
  });
  expect(update.metrics.loss).toBeCloseTo((-Math.log(1 / 4) - Math.log(9 / 10)) / 2, 6);
  expect(update.metrics.accuracy).toBe(0.5);
});

describe('on handwritten digits', () => {
  let shard: Dataset;
  let train: (change?: {
    plan?: Partial<RoundPlan>;
    client?: number;
    seed?: number;
  }) => ReturnType<typeof trainLocally>;
  let weights: Float32Array;
  let evaluate: (weights: Float32Array) => number;

  beforeAll(async () => {
    const data = await loadData(scenario, '.');
    shard = data.source.train.select(data.partition.shardOf(4));
    weights = initialize(data.model, 'glorot', 3);
    const core = chooseKernels('auto').createCore(data.model);
    train = ({ plan, client = 4, seed = 3 } = {}) =>
      trainLocally(core, { plan: { ...basePlan, ...plan }, client, weights, shard, seed, now: clock(20, 23) });
    evaluate = (at) => {
      core.load(shard);
      return core.evaluate(at).lossSum / shard.examples;
    };
  });

  const words = ({ delta }: { delta: Float32Array }) => [...new Uint32Array(delta.slice().buffer)];

  test('1,500 examples over 12 clients are 125 each', () => {
    expect(shard.examples).toBe(125);
  });

  test('training leaves the global weights as they are', () => {
    const before = weights.slice();
    train();
    expect(weights).toEqual(before);
  });

  test('delta is local − global: adding it lowers the loss on the shard, subtracting it raises it', () => {
    const { delta } = train();
    const [towards, away] = [1, -1].map((sign) => weights.map((weight, index) => weight + sign * delta[index]));
    expect(evaluate(towards)).toBeLessThan(0.7 * evaluate(weights));
    expect(evaluate(away)).toBeGreaterThan(evaluate(weights));
  });

  test('what was used is told: two epochs of 125 in batches of 7 are 36 steps', () => {
    const update = train();
    expect(update.used).toEqual({
      learningRateFirst: 0.2,
      learningRateLast: 0.2,
      batchSize: 7,
      steps: 36,
      truncatedBatches: 2,
    });
    expect(update).toMatchObject({ kind: 'update', round: 3, client: 4, examples: 125, trainMs: 3 });
    expect(update.metrics.examplesUsed).toBe(250);
    expect(update.metrics.accuracy).toBeGreaterThan(0.1);
    expect(update.metrics.accuracy).toBeLessThan(1);
    expect(Number.isInteger(update.metrics.accuracy * 250)).toBe(true);
    // Mean loss on the way lies between that at the start and that at the end.
    expect(update.metrics.loss).toBeLessThan(evaluate(weights));
    expect(update.metrics.loss).toBeGreaterThan(evaluate(weights.map((weight, index) => weight + update.delta[index])));
  });

  test('local steps end within an epoch', () => {
    const update = train({ plan: { work: { localSteps: 20 } } });
    // 17 batches of 7 and one of 6 make the first epoch, two of 7 follow.
    expect(update.used.steps).toBe(20);
    expect(update.metrics.examplesUsed).toBe(139);
    // The weight of the update in the mean is the shard, not what was used of it.
    expect(update.examples).toBe(125);
  });

  test('the same seed, round and client give the same bits', () => {
    const first = words(train());
    train({ client: 5 });
    expect(words(train())).toEqual(first);
  });

  test.each([
    ['client', { client: 5 }],
    ['round', { plan: { round: 4 } }],
    ['seed', { seed: 4 }],
    ['seed beyond 32 bits', { seed: 3 + 2 ** 32 }],
  ])('another %s takes the examples in another order', (_, change) => {
    expect(words(train(change))).not.toEqual(words(train()));
  });
});
