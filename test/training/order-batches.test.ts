import fc from 'fast-check';
import { type LocalWork, orderBatches } from 'fedtempo/shared/data/batches.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';

const cases = fc.record({
  examples: fc.integer({ min: 1, max: 60 }),
  pick: fc.nat(),
  count: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(),
});

/** n, B and the order for some epochs or steps; B is 1..n. */
function ordered({ examples, pick, seed }: { examples: number; pick: number; seed: number }, work: LocalWork) {
  const batchSize = 1 + (pick % examples);
  const { order, batchSizes } = orderBatches(examples, batchSize, work, stream(seed, 'batches', 2, 5));
  return { batchSize, order: [...order], batchSizes: [...batchSizes] };
}

test('every epoch uses each example once', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { order } = ordered(one, { localEpochs: one.count });
      expect(order).toHaveLength(one.count * one.examples);
      const all = Array.from({ length: one.examples }, (_, index) => index);
      for (let epoch = 0; epoch < one.count; epoch++) {
        const part = order.slice(epoch * one.examples, (epoch + 1) * one.examples);
        expect(part.sort((a, b) => a - b)).toEqual(all);
      }
    }),
  );
});

test('an epoch is cut into ⌈n/B⌉ batches of B, the last with what is left', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { batchSize, batchSizes } = ordered(one, { localEpochs: one.count });
      const perEpoch = Math.ceil(one.examples / batchSize);
      expect(batchSizes).toHaveLength(one.count * perEpoch);
      batchSizes.forEach((size, step) => {
        const last = step % perEpoch === perEpoch - 1;
        expect(size).toBe(last ? one.examples - (perEpoch - 1) * batchSize : batchSize);
      });
    }),
  );
});

test('local steps are the first batches of the epochs they reach into', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const steps = ordered(one, { localSteps: one.count });
      const epochs = ordered(one, { localEpochs: one.count });
      expect(steps.batchSizes).toEqual(epochs.batchSizes.slice(0, one.count));
      expect(steps.order).toHaveLength(steps.batchSizes.reduce((sum, size) => sum + size, 0));
      expect(steps.order).toEqual(epochs.order.slice(0, steps.order.length));
    }),
  );
});

test('seven examples in batches of three make steps of 3, 3, 1', () => {
  const { batchSizes } = orderBatches(7, 3, { localEpochs: 2 }, stream(3, 'batches'));
  expect([...batchSizes]).toEqual([3, 3, 1, 3, 3, 1]);
  expect([...orderBatches(7, 3, { localSteps: 5 }, stream(3, 'batches')).batchSizes]).toEqual([3, 3, 1, 3, 3]);
});

test('every epoch is shuffled afresh', () => {
  const { order } = ordered({ examples: 50, pick: 6, seed: 4 }, { localEpochs: 2 });
  expect(order.slice(0, 50)).not.toEqual(order.slice(50));
});
