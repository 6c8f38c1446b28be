import { algorithmKinds, createAlgorithm } from 'fedtempo/shared/federation/algorithm.js';
import { expect, test } from 'vitest';
import { updateOf } from './update.js';

test('one round of FedAvg moves the weights to the mean of the clients’ models, weighed by their examples', () => {
  const fedAvg = createAlgorithm({ kind: 'fedavg' });
  const weights = Float32Array.of(1.5, -2, 0.25);
  const aggregator = fedAvg.createAggregator(3, 8);
  aggregator.add(updateOf(7, 3, [0.5, -0.25, 0])); // model 2, −2.25, 0.25
  aggregator.add(updateOf(1, 5, [-0.5, 0.75, 1])); // model 1, −1.25, 1.25
  const next = fedAvg.serverStep(weights, aggregator.finish());
  // (3 · 2 + 5 · 1)/8, (3 · −2.25 + 5 · −1.25)/8, (3 · 0.25 + 5 · 1.25)/8.
  expect(next).toEqual(Float32Array.of(1.375, -1.625, 0.875));
  expect([...weights]).toEqual([1.5, -2, 0.25]);
});

test('the server step rounds once, to float32', () => {
  const next = createAlgorithm({ kind: 'fedavg' }).serverStep(Float32Array.of(0.1), Float64Array.of(1e-9));
  // fround(0.1) + 1e-9 = 0.10000000249…, which lies nearest to fround(0.1).
  expect(next).toEqual(Float32Array.of(0.1));
  const further = createAlgorithm({ kind: 'fedavg' }).serverStep(Float32Array.of(0.1), Float64Array.of(5e-9));
  // One float32 further on: 0.1 is 0x3dcccccd.
  expect(new Uint32Array(further.buffer)[0]).toBe(0x3dccccce);
});

test.each(algorithmKinds)('%s names itself as the scenario does', (kind) => {
  expect(createAlgorithm({ kind }).kind).toBe(kind);
});
