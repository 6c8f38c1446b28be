import { mix } from 'fedtempo/shared/federation/asynchronous/fedasync.js';
import { bufferedDelta } from 'fedtempo/shared/federation/asynchronous/fedbuff.js';
import { stalenessSchema, stalenessWeight } from 'fedtempo/shared/federation/asynchronous/staleness.js';
import { expect, test } from 'vitest';

const weights = (spec: unknown, staleness: readonly number[]) =>
  staleness.map((tau) => stalenessWeight(stalenessSchema.parse(spec), tau));

test('constant staleness weights are 1', () => {
  expect(weights({ kind: 'constant' }, [0, 1, 99])).toEqual([1, 1, 1]);
});

test('polynomial staleness weights are (1 + τ)^−a, with a = ½ those of FedBuff, 1/√(1 + τ)', () => {
  expect(weights({ kind: 'polynomial' }, [0, 1, 2, 3, 8, 99])).toEqual([
    1,
    1 / Math.SQRT2,
    1 / Math.sqrt(3),
    0.5,
    1 / 3,
    0.1,
  ]);
  expect(weights({ kind: 'polynomial', a: 2 }, [0, 1, 4])).toEqual([1, 0.25, 0.04]);
});

test('hinge staleness weights are 1 up to b and 1/(a(τ − b) + 1) beyond', () => {
  expect(weights({ kind: 'hinge' }, [0, 4, 5, 6])).toEqual([1, 1, 1 / 11, 1 / 21]);
  expect(weights({ kind: 'hinge', a: 0.5, b: 1 }, [1, 3])).toEqual([1, 0.5]);
});

test('the buffer’s step divides the weighted sum by K, whatever the weights add up to', () => {
  const deltas = [Float32Array.of(4, -8), Float32Array.of(2, 6), Float32Array.of(1, 0)];
  expect([...bufferedDelta(deltas, [1, 0.5, 0.25], 4)]).toEqual([5.25 / 4, -5 / 4]);
});

test('FedAsync mixes the arriving model into the global one', () => {
  expect([...mix(Float32Array.of(2, -4), Float32Array.of(10, 4), 0.25)]).toEqual([4, -2]);
  const w = Float32Array.of(0.1, -0.3);
  expect(mix(w, Float32Array.of(5, 5), 0)).toEqual(w);
  expect(mix(Float32Array.of(5, 5), w, 1)).toEqual(w);
});
