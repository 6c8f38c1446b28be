import fc from 'fast-check';
import { checkPlan } from 'fedtempo/shared/schedule/check.js';
import { hyperparameterNames, hyperparameters } from 'fedtempo/shared/schedule/names.js';
import { plannedExamples, plannedSteps, runningSum } from 'fedtempo/shared/schedule/planned-work.js';
import { planRun } from 'fedtempo/shared/schedule/run-plan.js';
import { describe, expect, test } from 'vitest';
import { plain } from '../support/schedule-specs.js';

describe('planned work of a client with the mean shard', () => {
  test.each([
    [{ batchSize: 10, localEpochs: 1 }, 75, 8, 75],
    [{ batchSize: 10, localEpochs: 3 }, 75, 24, 225],
    [{ batchSize: 'full' as const, localEpochs: 2 }, 75, 2, 150],
    [{ batchSize: 100, localEpochs: 2 }, 75, 2, 150],
    [{ batchSize: 10, localSteps: 5 }, 75, 5, 50],
    // Eight batches a pass, the eighth of five: 8 steps are 75 examples, 9 are 85.
    [{ batchSize: 10, localSteps: 8 }, 75, 8, 75],
    [{ batchSize: 10, localSteps: 9 }, 75, 9, 85],
    [{ batchSize: 10, localEpochs: 1 }, 60_000 / 7, 858, 60_000 / 7],
  ])('%j on %d examples: %d steps, %d examples', (work, shard, steps, examples) => {
    expect(plannedSteps(work, shard)).toBe(steps);
    expect(plannedExamples(work, shard)).toBe(examples);
  });
});

test('a running sum is that of the rounds before, in whatever order it is asked', () => {
  const amount = (round: number) => (round + 1) ** 2;
  fc.assert(
    fc.property(fc.array(fc.nat(200)), (order) => {
      const before = runningSum(amount, () => expect.fail());
      for (const round of order) {
        expect(before(round)).toBe(Array.from({ length: round }, (_, r) => amount(r)).reduce((a, b) => a + b, 0));
      }
    }),
  );
});

test('an amount may look back, and is refused when it looks ahead', () => {
  const back: (round: number) => number = runningSum(
    (round) => 1 + back(round),
    () => expect.fail(),
  );
  expect([0, 1, 2, 3, 4].map(back)).toEqual([0, 1, 3, 7, 15]);
  const ahead: (round: number) => number = runningSum(
    (round) => ahead(round + 2),
    () => {
      throw new Error('ahead');
    },
  );
  expect(() => ahead(1)).toThrow('ahead');
});

describe('positions', () => {
  // 10 clients of 100 examples. The batch is 10 in rounds 0 to 2 and 40 from round 3 on: 10, 10, 10, then 3 steps.
  const specs = {
    learningRate: { kind: 'linear', start: 1, end: 0, unit: 'step' },
    batchSize: { kind: 'piecewise', boundaries: [3], values: [10, 40] },
    localEpochs: 1,
    cohortSize: 4,
  } as const;
  const plan = planRun(specs, { rounds: 5, clients: 10, examples: 1000 });

  test('steps at the start of a round are those planned before it', () => {
    expect([0, 1, 2, 3, 4].map((round) => plan.progressAt(round).step)).toEqual([0, 10, 20, 30, 33]);
    expect(plan.totals.steps).toBe(36);
    expect([0, 1, 4].map((round) => plan.progressAt(round).examplesSeen)).toEqual([0, 400, 1600]);
    expect(plan.totals.examples).toBe(2000);
  });

  test('a schedule in steps runs on inside the round; one in rounds holds', () => {
    const rate = plan.along('learningRate', 3);
    expect([0, 1, 2].map(rate)).toEqual([30, 31, 32].map((step) => 1 - step / 36));
    // A client with a larger shard does more steps than planned; it is one schedule all the same.
    expect(rate(6)).toBe(0);
    expect([0, 5].map(plan.along('batchSize', 3))).toEqual([40, 40]);
    expect(plan.values(3)).toEqual({ learningRate: 1 - 30 / 36, batchSize: 40, localEpochs: 1, cohortSize: 4 });
  });

  test('are the same in whatever order they are asked', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4)), (order) => {
        const other = planRun(specs, { rounds: 5, clients: 10, examples: 1000 });
        for (const round of order) expect(other.values(round)).toEqual(plan.values(round));
      }),
    );
  });

  test('need the data only where a schedule counts them', () => {
    const shape = { rounds: 5, clients: 10 };
    const byRound = planRun({ learningRate: 0.1, batchSize: 10, localEpochs: 1 }, shape);
    expect(byRound.values(4)).toEqual({ learningRate: 0.1, batchSize: 10, localEpochs: 1 });
    expect(checkPlan(byRound)).toBe(true);
    const byStep = planRun(specs, shape);
    expect(checkPlan(byStep)).toBe(false);
    expect(() => byStep.values(0)).toThrow('follow from the data');
  });

  test('in examples, with epochs, do not depend on the batch: a batch may count them', () => {
    const batchSize = { kind: 'linear', start: 10, end: 50, unit: 'examples' } as const;
    const growing = planRun({ batchSize, localEpochs: 2, cohortSize: 5 }, { rounds: 4, clients: 10, examples: 1000 });
    expect(growing.totals.examples).toBe(4000);
    expect([0, 1, 2, 3].map((round) => growing.values(round).batchSize)).toEqual([10, 20, 30, 40]);
  });
});

describe('whole hyperparameters', () => {
  const names = hyperparameterNames.filter((name) => hyperparameters[name].integer);

  test.each(names)('%s is whole, within its range, and monotone where its schedule is', (name) => {
    const decays = fc.oneof(plain.polynomial, plain.step, plain.inverseTime);
    fc.assert(
      fc.property(decays, fc.integer({ min: 0, max: 100 }), (schedule, factor) => {
        const spec = { kind: 'scale', factor, schedule };
        const plan = planRun({ [name]: spec }, { rounds: 40, clients: 50 });
        const values = Array.from({ length: 40 }, (_, round) => plan.values(round)[name] as number);
        for (const value of values) {
          expect(Number.isInteger(value)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(1);
          expect(value).toBeLessThanOrEqual(name === 'cohortSize' ? 50 : hyperparameters[name].max);
        }
        const steps = values.slice(1).map((value, index) => value - values[index]);
        expect(steps.every((step) => step <= 0) || steps.every((step) => step >= 0)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('are rounded to the nearest, halves up', () => {
    const plan = planRun({ batchSize: { kind: 'table', values: [0, 0.4, 2.5, 3.49, 7.5] } }, { rounds: 5, clients: 1 });
    expect([0, 1, 2, 3, 4].map((round) => plan.values(round).batchSize)).toEqual([1, 1, 3, 3, 8]);
  });
});

test.each([
  ['clientMomentum', { kind: 'linear', start: 0.5, end: 1, length: 4 }, '1 in round 4', 'at least 0 and less than 1'],
  ['clipNorm', { kind: 'linear', start: 1, end: 0, length: 4 }, '0 in round 4', 'more than 0'],
  ['learningRate', { kind: 'formula', value: '0.1 - 0.05 * round' }, '-0.05', 'at least 0'],
  ['weightDecay', { kind: 'formula', value: '1 / (round - 3)' }, '-0.3', 'at least 0'],
  ['proximalMu', { kind: 'formula', value: '1 / max(0, 3 - round)' }, 'Infinity in round 3', 'a finite number'],
])('%s outside its range is refused when the plan is checked', (name, spec, found, expected) => {
  const plan = planRun({ [name]: spec }, { rounds: 6, clients: 1 });
  expect(() => checkPlan(plan)).toThrow(
    expect.objectContaining({
      code: 'SCHEDULE_INVALID',
      details: expect.objectContaining({ where: `schedules.${name}`, found: expect.stringContaining(found), expected }),
    }),
  );
});
