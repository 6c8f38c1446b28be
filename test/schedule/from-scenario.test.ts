/** Schedules as a run meets them: written in a scenario, read by the round planner. */
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { describe, expect, test } from 'vitest';

/** A scenario text with these schedules, written in YAML. */
const scenarioText = (rounds: number, learningRate: string, batchSize = '10') => `
schemaVersion: 1
name: schedule-test
data: { dataset: digits, partition: { kind: iid, clients: 20 } }
model: { kind: mlp }
federation: { rounds: ${rounds}, cohort: { size: 4 } }
schedules:
  learningRate: ${learningRate}
  batchSize: ${batchSize}
`;

/** The plan of each round for clients of 75 examples. */
function planner(rounds: number, learningRate: string, batchSize?: string) {
  const [{ scenario }] = loadScenarios(scenarioText(rounds, learningRate, batchSize), 'schedule.yaml');
  const plans = roundPlanner(scenario, { examples: 1500 });
  return (round: number) => plans.plan(round, 75);
}

/** Learning rate of each of these rounds. */
const rates = (rounds: number, learningRate: string, at: readonly number[]) =>
  at.map((round) => planner(rounds, learningRate)(round).learningRate);

const batches = (rounds: number, batchSize: string, at: readonly number[]) =>
  at.map((round) => planner(rounds, '0.1', batchSize)(round).batchSize);

// All values below are sums of powers of two, so that equality is exact.

test.each(['0.375', '{ kind: constant, value: 0.375 }'])('%s is the same in every round', (spec) => {
  expect(rates(12, spec, [0, 1, 10, 11])).toEqual([0.375, 0.375, 0.375, 0.375]);
});

describe('linear', () => {
  test('over n rounds goes from its start in round 0 to its end in round n and stays there', () => {
    const spec = '{ kind: linear, start: 0.75, end: 0.25, length: 8 }';
    expect(rates(20, spec, [0, 1, 4, 7, 8, 9, 19])).toEqual([0.75, 0.6875, 0.5, 0.3125, 0.25, 0.25, 0.25]);
  });

  test('without a length takes the whole run, so that the end itself would come one round after the last', () => {
    expect(rates(16, '{ kind: linear, start: 0.75, end: 0.25 }', [0, 1, 8, 15])).toEqual([0.75, 0.71875, 0.5, 0.28125]);
  });

  test('may rise', () => {
    expect(rates(9, '{ kind: linear, start: 0, end: 3, length: 4 }', [0, 1, 3, 4, 5])).toEqual([0, 0.75, 2.25, 3, 3]);
  });
});

describe('polynomial', () => {
  test('of power 2 follows end + (start − end)(1 − t/n)²', () => {
    const spec = '{ kind: polynomial, start: 0.5, end: 0.125, power: 2, length: 4 }';
    expect(rates(9, spec, [0, 1, 2, 3, 4, 5])).toEqual([0.5, 0.3359375, 0.21875, 0.1484375, 0.125, 0.125]);
  });

  test('of power ½ falls late', () => {
    const spec = '{ kind: polynomial, start: 0.5, end: 0.125, power: 0.5, length: 4 }';
    expect(rates(9, spec, [0, 3, 4])).toEqual([0.5, 0.3125, 0.125]);
  });

  test('of power 2.2 has the value that the formula gives', () => {
    const spec = '{ kind: polynomial, start: 0.3, end: 0.02, power: 2.2, length: 10 }';
    // 0.02 + 0.28 · 0.3^2.2 with 0.3^2.2 = 0.070740277703696…, by mpmath.
    expect(rates(20, spec, [7])[0]).toBeCloseTo(0.039807277757035, 14);
  });

  test('is α(1 − t/T) where only a start is given, and never 0 within the run', () => {
    expect(rates(8, '{ kind: polynomial, start: 0.5 }', [0, 1, 6, 7])).toEqual([0.5, 0.4375, 0.125, 0.0625]);
  });
});

describe('step', () => {
  test('changes in round n itself, not before and not after', () => {
    const spec = '{ kind: step, start: 0.5, factor: 0.25, every: 3 }';
    expect(rates(9, spec, [0, 1, 2, 3, 4, 5, 6, 8])).toEqual([0.5, 0.5, 0.5, 0.125, 0.125, 0.125, 0.03125, 0.03125]);
  });
});

describe('a batch size', () => {
  test.each([
    ['2.25', 2],
    ['2.5', 3],
    ['2.75', 3],
    ['3.5', 4],
    ['0.2', 1],
    ['0.5', 1],
  ])('of %s is used as %d: the nearest integer, halves up, at least 1', (value, used) => {
    expect(batches(5, `{ kind: constant, value: ${value} }`, [0, 4])).toEqual([used, used]);
  });

  test('that decays from 64 to 0 over 60 rounds is rounded in each and ends at 1', () => {
    // 64(1 − t/60): 64, 62.93, 32, 3.2, 2.13, 1.07.
    expect(batches(60, '{ kind: polynomial, start: 64, end: 0 }', [0, 1, 30, 57, 58, 59])).toEqual([
      64, 63, 32, 3, 2, 1,
    ]);
  });

  test('that decays to 0 before the run ends stays at 1', () => {
    expect(batches(60, '{ kind: linear, start: 64, end: 0, length: 20 }', [19, 20, 21, 59])).toEqual([3, 1, 1, 1]);
  });

  test('of full is passed on as it is', () => {
    expect(batches(5, 'full', [0, 4])).toEqual(['full', 'full']);
  });
});

test('a plan says everything a client needs, is frozen, and does not depend on which rounds were asked for before', () => {
  const planOf = planner(
    16,
    '{ kind: linear, start: 0.75, end: 0.25 }',
    '{ kind: step, start: 24, factor: 0.5, every: 5 }',
  );
  const plan = planOf(8);
  expect(plan).toMatchObject({
    round: 8,
    learningRate: 0.5,
    batchSize: 12,
    work: { localEpochs: 1 },
    clientOptimizer: { kind: 'sgd' },
  });
  expect(Object.isFrozen(plan)).toBe(true);
  planOf(15);
  planOf(0);
  expect(planOf(8)).toEqual(plan);
});
