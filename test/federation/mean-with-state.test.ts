import fc from 'fast-check';
import { createAggregator } from 'fedtempo/shared/federation/algorithm.js';
import { MeanWithState } from 'fedtempo/shared/federation/mean-with-state.js';
import type { Update } from 'fedtempo/shared/training/reply.js';
import { expect, test } from 'vitest';
import { updateOf } from './update.js';

const stateful = (client: number, examples: number, delta: number[], change: number[]): Update => ({
  ...updateOf(client, examples, delta),
  stateChange: Float32Array.from(change),
});

const two = [stateful(9, 3, [0.5, -0.25], [1, 0]), stateful(2, 5, [-0.5, 0.75], [0, 8])];

test('both means weigh by examples, or every client alike', () => {
  const [byExamples, alike] = [new MeanWithState(2, 8, 'examples'), new MeanWithState(2, 2, 'uniform')];
  for (const update of two) for (const mean of [byExamples, alike]) mean.add(update);
  // (1.5 − 2.5)/8, (−0.75 + 3.75)/8, 3/8, 40/8.
  expect([...byExamples.finish()]).toEqual([-0.125, 0.375, 0.375, 5]);
  expect([...alike.finish()]).toEqual([0, 0.25, 0.5, 4]);
  expect(byExamples.tally()).toEqual({ clients: [2, 9], examples: 8 });
  expect(alike.tally()).toEqual({ clients: [2, 9], examples: 2 });
});

test('an update without a change of state, and a client that comes twice, are refused', () => {
  const mean = new MeanWithState(2, 100, 'uniform');
  expect(() => mean.add(updateOf(4, 3, [0, 0]))).toThrow(/client 4 sent no change of its state/);
  mean.add(two[0]);
  expect(() => mean.add(two[0])).toThrow(/client 9 is already in the mean/);
  const other = new MeanWithState(2, 100, 'uniform');
  other.add(two[0]);
  expect(() => mean.merge(other)).toThrow(/client 9 is already in the mean/);
});

const values = fc.array(fc.float({ min: -64, max: 64, noNaN: true }), { minLength: 3, maxLength: 3 });
const cohorts = fc
  .array(fc.record({ examples: fc.integer({ min: 1, max: 500 }), delta: values, change: values }), {
    minLength: 1,
    maxLength: 10,
  })
  .map((all) => all.map(({ examples, delta, change }, index) => stateful(index * 2, examples, delta, change)));

test('order and the shape of the tree change no bit, with partial sums kept elsewhere as threads keep them', () => {
  fc.assert(
    fc.property(
      cohorts,
      fc.constantFrom('uniform' as const, 'examples' as const),
      fc.array(fc.nat(3), { minLength: 10, maxLength: 10 }),
      (updates, weighting, places) => {
        const most = updates.reduce((sum, { examples }) => sum + (weighting === 'uniform' ? 1 : examples), 0);
        const whole = new MeanWithState(3, most, weighting);
        for (const update of updates) whole.add(update);
        const merged = new MeanWithState(3, most, weighting);
        const { spec } = merged;
        for (const place of [3, 1, 0, 2]) {
          const sums = new Float64Array(spec.storage);
          const partial = createAggregator(spec, sums);
          const own = updates.filter((_, index) => places[index] === place).reverse();
          for (const update of own) partial.add(update);
          if (own.length > 0) merged.merge(createAggregator(spec, sums, partial.tally()) as MeanWithState);
        }
        const words = (mean: MeanWithState) => [...new BigUint64Array(mean.finish().buffer)];
        expect(words(merged)).toEqual(words(whole));
      },
    ),
  );
});
