import type { HyperparameterSpecs } from 'fedtempo/shared/schedule/hyperparameters.js';
import { warningsOf } from 'fedtempo/shared/schedule/warnings.js';
import { describe, expect, test } from 'vitest';

const shape = { rounds: 20, clients: 4, examples: 400 };
const warn = (specs: unknown, shards?: number[]) => warningsOf(specs as HyperparameterSpecs, shape, shards);
const decay = (start: number, power: number) => ({ kind: 'polynomial', start, end: 0, power });

describe('equal powers', () => {
  test.each([
    [decay(0.1, 2), decay(64, 2), true],
    [decay(0.1, 1), { kind: 'linear', start: 64, end: 0 }, true],
    [{ kind: 'polynomial', start: 0.1 }, decay(64, 1), true],
    [decay(0.1, 2), decay(64, 1), false],
    [decay(0.1, 1), { ...decay(64, 1), end: 1 }, false],
    [decay(0.1, 1), 64, false],
    [0.1, 'full', false],
  ])('%j and %j: %s', (learningRate, batchSize, warned) => {
    const warnings = warn({ learningRate, batchSize });
    expect(warnings.some((line) => line.includes('nothing is annealed'))).toBe(warned);
  });
});

test('a rate that reaches 0 before the end is told with its round; one that would reach it at T is not', () => {
  expect(warn({ learningRate: { kind: 'linear', start: 1, end: 0, length: 15 }, batchSize: 10 })).toEqual([
    'the learning rate is 0 from round 15 on: the last 5 of 20 rounds change nothing',
  ]);
  expect(warn({ learningRate: { kind: 'linear', start: 1, end: 0 }, batchSize: 10 })).toEqual([]);
  // 0 at first is a warm-up.
  expect(warn({ learningRate: { kind: 'warmup', over: 3, schedule: 0.1 }, batchSize: 10 })).toEqual([]);
});

test('a warm-up that the run ends before is told', () => {
  const wsd = { kind: 'wsd', peak: 1, warmup: 30, decay: 10, length: 100 };
  expect(warn({ learningRate: wsd, batchSize: 10 })).toEqual([
    'the warm-up of the learning rate takes 30 of 20 positions: the run ends before it',
  ]);
  const cycle = { kind: 'oneCycle', peak: 1, rise: 0.3, length: 100 };
  expect(warn({ learningRate: { kind: 'scale', factor: 2, schedule: cycle }, batchSize: 10 })).toHaveLength(1);
  expect(warn({ learningRate: { ...wsd, warmup: 5 }, batchSize: 10 })).toEqual([]);
});

test('a batch larger than most shards is told with its first round', () => {
  const batchSize = { kind: 'linear', start: 10, end: 110 };
  expect(warn({ learningRate: 0.1, batchSize }, [50, 60, 70, 500])).toEqual([
    'the batch size is 65 in round 11, more than most shards hold (the middle one 60): such clients use their whole shard, in 9 of 20 rounds',
  ]);
  expect(warn({ learningRate: 0.1, batchSize: 60 }, [50, 60, 70, 500])).toEqual([]);
  expect(warn({ learningRate: 0.1, batchSize: 'full' }, [50, 60])).toEqual([]);
  expect(warn({ learningRate: 0.1, batchSize })).toEqual([]);
});

test('what follows from data that are not open waits for them', () => {
  const specs = { learningRate: { kind: 'linear', start: 1, end: 0, unit: 'step' }, batchSize: 10 };
  expect(warningsOf(specs as HyperparameterSpecs, { rounds: 20, clients: 4 })).toEqual([]);
});
