import { algorithmSchema, createAlgorithm } from 'fedtempo/shared/federation/algorithm.js';
import { expect, test } from 'vitest';
import { updateOf } from './update.js';

const plain = { learningRate: 1, momentum: 0 };

test('one round of FedAvg moves the weights to the mean of the clients’ models, weighed by their examples', () => {
  const fedAvg = createAlgorithm({ kind: 'fedavg' });
  const weights = Float32Array.of(1.5, -2, 0.25);
  const aggregator = fedAvg.createAggregator(3, 8, 2);
  aggregator.add(updateOf(7, 3, [0.5, -0.25, 0])); // model 2, −2.25, 0.25
  aggregator.add(updateOf(1, 5, [-0.5, 0.75, 1])); // model 1, −1.25, 1.25
  const next = fedAvg.serverStep(weights, aggregator.finish(), plain, undefined, 1);
  // (3 · 2 + 5 · 1)/8, (3 · −2.25 + 5 · −1.25)/8, (3 · 0.25 + 5 · 1.25)/8.
  expect(next).toEqual({ weights: Float32Array.of(1.375, -1.625, 0.875), state: undefined });
  expect([...weights]).toEqual([1.5, -2, 0.25]);
});

test('the server step rounds once, to float32', () => {
  const { serverStep } = createAlgorithm({ kind: 'fedavg' });
  const next = serverStep(Float32Array.of(0.1), Float64Array.of(1e-9), plain, undefined, 1);
  // fround(0.1) + 1e-9 = 0.10000000249…, which lies nearest to fround(0.1).
  expect(next.weights).toEqual(Float32Array.of(0.1));
  const further = serverStep(Float32Array.of(0.1), Float64Array.of(5e-9), plain, undefined, 1);
  // One float32 further on: 0.1 is 0x3dcccccd.
  expect(new Uint32Array(further.weights.buffer)[0]).toBe(0x3dccccce);
});

test('server learning rate and momentum follow v ← βv + Δ, w ← w + ηv, and old velocity survives rounds without momentum', () => {
  const { serverStep } = createAlgorithm({ kind: 'fedavg' });
  // Δ = 1, 0.5, −1, 2 with (η, β) = (0.5, 0.5), (0.5, 0.5), (2, 0), (1, 0.5):
  // v = 1, 1, −1, 1.5 and w = 0.5, 1, −1, 0.5.
  const rounds = [
    { mean: 1, learningRate: 0.5, momentum: 0.5, w: 0.5 },
    { mean: 0.5, learningRate: 0.5, momentum: 0.5, w: 1 },
    { mean: -1, learningRate: 2, momentum: 0, w: -1 },
    { mean: 2, learningRate: 1, momentum: 0.5, w: 0.5 },
  ];
  let step = serverStep(Float32Array.of(0), Float64Array.of(0), plain, undefined, 1);
  for (const { mean, w, ...values } of rounds) {
    step = serverStep(step.weights, Float64Array.of(mean), values, step.state, 1);
    expect(step.weights[0]).toBe(w);
  }
});

const kinds = algorithmSchema.options.map(({ shape }) => shape.kind.value);

test.each(kinds)('%s names itself as the scenario does', (kind) => {
  expect(createAlgorithm(algorithmSchema.parse({ kind })).kind).toBe(kind);
});
