import { planRun } from 'fedtempo/shared/schedule/run-plan.js';
import { alongSteps, stepSchedule } from 'fedtempo/shared/schedule/step-schedule.js';
import { expect, test } from 'vitest';

test('three clients of unlike shards follow one schedule through three rounds, by hand', () => {
  // Shards of 20, 40 and 60: the mean is 40. B = 10 and one epoch: 4 planned steps a round, 12 in all. η = 1.2 − 0.1 s.
  const specs = {
    learningRate: { kind: 'linear', start: 1.2, end: 0, unit: 'step' },
    batchSize: 10,
    localEpochs: 1,
    cohortSize: 3,
  } as const;
  const plan = planRun(specs, { rounds: 3, clients: 3, examples: 120 });
  const byHand: Record<number, number[][]> = {
    2: [
      [1.2, 1.1],
      [0.8, 0.7],
      [0.4, 0.3],
    ],
    4: [
      [1.2, 1.1, 1.0, 0.9],
      [0.8, 0.7, 0.6, 0.5],
      [0.4, 0.3, 0.2, 0.1],
    ],
    // The largest client runs ahead of the plan, and holds the end value where it passes the end.
    6: [
      [1.2, 1.1, 1.0, 0.9, 0.8, 0.7],
      [0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
      [0.4, 0.3, 0.2, 0.1, 0, 0],
    ],
  };
  for (const [steps, rounds] of Object.entries(byHand)) {
    rounds.forEach((expected, round) => {
      const travelled = JSON.parse(JSON.stringify(stepSchedule(plan, 'learningRate', round)));
      const along = alongSteps(travelled);
      const used = Array.from({ length: Number(steps) }, (_, localStep) => along(localStep));
      used.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index], 14);
      });
      expect(used).toEqual(used.map((_, localStep) => plan.along('learningRate', round)(localStep)));
    });
  }
});

test('a schedule that follows the batch takes the round’s own along', () => {
  const specs = {
    learningRate: {
      kind: 'linearScaling',
      unit: 'step',
      rate: { kind: 'linear', start: 1, end: 0 },
      baseBatchSize: 10,
    },
    batchSize: { kind: 'piecewise', boundaries: [1], values: [10, 20] },
    localEpochs: 1,
    cohortSize: 2,
  } as const;
  const plan = planRun(specs, { rounds: 2, clients: 2, examples: 80 });
  const along = alongSteps(JSON.parse(JSON.stringify(stepSchedule(plan, 'learningRate', 1))));
  // 4 steps, then 2: six in all; in round 1 the batch is twice the base.
  expect([along(0), along(1)]).toEqual([2 * (1 - 4 / 6), 2 * (1 - 5 / 6)]);
});
