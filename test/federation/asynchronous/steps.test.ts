import {
  type AsynchronousSpec,
  algorithmSchema,
  createAlgorithm,
  createRule,
} from 'fedtempo/shared/federation/algorithm.js';
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

const rule = (spec: unknown) => createRule(algorithmSchema.parse(spec) as AsynchronousSpec);
const start = Float32Array.of(2, -4);

test('FedBuff divides the sum weighted by staleness by K, whatever the weights add up to', () => {
  const { keep, aggregate, bufferSize } = rule({ kind: 'fedbuff', bufferSize: 4 });
  const delta = Float32Array.of(4, -8);
  expect([keep(start, delta), bufferSize]).toEqual([delta, 4]);
  const arrivals = [
    { kept: delta, staleness: 0 },
    { kept: Float32Array.of(2, 6), staleness: 3 },
    { kept: Float32Array.of(1, 0), staleness: 15 },
  ];
  expect([...aggregate(arrivals, start)]).toEqual([(4 + 1 + 0.25) / 4, (-8 + 3) / 4]);
});

test('FedAsync goes from the global weights towards the local ones, by α weighted by staleness', () => {
  const spec = { kind: 'fedasync', mixing: 0.5 };
  const { keep, bufferSize } = rule(spec);
  const kept = keep(Float32Array.of(1, 1), Float32Array.of(9, 3));
  expect([[...kept], bufferSize]).toEqual([[10, 4], 1]);
  const moved = (staleness: object, tau: number) => [
    ...rule({ ...spec, staleness }).aggregate([{ kept, staleness: tau }], start),
  ];
  expect(moved({ kind: 'constant' }, 9)).toEqual([4, 4]);
  expect(moved({ kind: 'polynomial', a: 1 }, 3)).toEqual([1, 1]);
  expect(moved({ kind: 'hinge', a: 3, b: 2 }, 3)).toEqual([1, 1]);
  const { serverStep } = createAlgorithm(algorithmSchema.parse(spec));
  const aggregate = rule({ ...spec, mixing: 1 }).aggregate([{ kept, staleness: 0 }], start);
  expect(serverStep(start, aggregate, { learningRate: 1, momentum: 0 }, undefined, 1).weights).toEqual(kept);
});
