import { AdaptiveControl } from 'fedtempo/server/adaptive-control.js';
import { spreadOf } from 'fedtempo/server/update-spread.js';
import { squaredNorm } from 'fedtempo/shared/math/norm.js';
import type { RoundMetrics } from 'fedtempo/shared/schedule/adaptive/adaptive.js';
import { expect, test } from 'vitest';

const specs = {
  learningRate: {
    kind: 'reduceOnPlateau',
    start: 0.4,
    factor: 0.5,
    min: 0,
    cooldown: 0,
    metric: 'testLoss',
    patience: 2,
    rule: 'optax',
    rtol: 0,
    atol: 0,
  },
  batchSize: { kind: 'normTest', start: 2, max: 64, theta: 0.5, growth: 2 },
  serverLearningRate: { kind: 'fedExp', epsilon: 0, max: 10, scale: 1 },
  stop: { kind: 'stopWhenFlat', metric: 'testLoss', patience: 4, rule: 'optax', rtol: 0, atol: 0 },
} as const;

function metricsOf(round: number): RoundMetrics {
  const testLoss = round < 2 ? 1 - round / 10 : 2;
  const updates = {
    count: 4,
    meanSquaredNorm: 6 + round,
    squaredNormOfMean: 2,
    sumOfSquaredWeights: 0.25,
    examplesPerUpdate: 30,
  };
  return { round, trainLoss: 1, testLoss, testAccuracy: 0.5, updates };
}

function run(control: AdaptiveControl, rounds: readonly number[]) {
  return rounds.map((round) => {
    const metrics = metricsOf(round);
    control.observe('updates', metrics);
    const now = control.values();
    control.observe('round', metrics);
    return { ...now, stops: control.stops };
  });
}

test('a server step is told while its round is open, everything else after it', () => {
  const seen = run(new AdaptiveControl(specs), [0, 1, 2, 3, 4, 5]);
  // FedExP: (6 + r)/(2 · 2) in its own round. Plateau: the best loss is round 1's, so rounds 2 and 3 are bad.
  expect(seen.map((values) => values.serverLearningRate)).toEqual([1.5, 1.75, 2, 2.25, 2.5, 2.75]);
  expect(seen.map((values) => values.learningRate)).toEqual([0.4, 0.4, 0.4, 0.4, 0.2, 0.2]);
  expect(seen.map((values) => values.stops)).toEqual([false, false, false, false, false, true]);
  expect(seen[1].batchSize).toBe(4);
});

test('saved as JSON and restored in the middle, it goes on with the same values', () => {
  const whole = run(new AdaptiveControl(specs), [0, 1, 2, 3, 4, 5]);
  const first = new AdaptiveControl(specs);
  run(first, [0, 1, 2]);
  const second = new AdaptiveControl(specs);
  second.restore(JSON.parse(JSON.stringify(first.states())));
  expect(run(second, [3, 4, 5])).toEqual(whole.slice(3));
});

test('states of other schedules are refused', () => {
  expect(() => new AdaptiveControl(specs).restore({ learningRate: {} })).toThrow(/do not fit/);
});

test('the spread of three updates is that worked out by hand', () => {
  const update = (client: number, examples: number, delta: number[]) => ({
    ...{ kind: 'update' as const, round: 0, client, examples, trainMs: 0 },
    metrics: { loss: 1, accuracy: 1, examplesUsed: 2 * examples },
    used: { learningRateFirst: 1, learningRateLast: 1, batchSize: 1, steps: 1, truncatedBatches: 0 },
    updateDigest: '',
    squaredNorm: squaredNorm(Float32Array.from(delta)),
  });
  const updates = [update(0, 1, [3, 4]), update(1, 1, [0, 2]), update(2, 2, [-1, 0])];
  // Weights ¼, ¼, ½: mean (¼, 1.5), squared norms 25, 4, 1.
  expect(spreadOf(updates, Float64Array.of(0.25, 1.5))).toEqual({
    count: 3,
    meanSquaredNorm: 25 / 4 + 1 + 0.5,
    squaredNormOfMean: 0.0625 + 2.25,
    sumOfSquaredWeights: 0.375,
    examplesPerUpdate: 8 / 3,
  });
  expect(spreadOf([], new Float64Array(2))).toBeNull();
});
