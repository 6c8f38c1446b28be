/** Intervals and measures against SciPy's figures (test/golden/study/make.py), closed forms and hand-computed records. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { curveOf, scheduledFields } from 'fedtempo/shared/study/curves.js';
import { writeInterval } from 'fedtempo/shared/study/format.js';
import { measureTrial } from 'fedtempo/shared/study/measures.js';
import { type Interval, meanInterval, pairedDifference, studentQuantile } from 'fedtempo/shared/study/statistics.js';
import { expect, test } from 'vitest';
import { repository } from '../support/processes.js';

interface Golden {
  readonly quantiles: Record<string, number>;
  readonly crafted: { values: number[]; interval: Interval }[];
}
const golden = JSON.parse(readFileSync(join(repository, 'test/golden/study/intervals.json'), 'utf8')) as Golden;

test.each(Object.entries(golden.quantiles))('the 0.975 quantile of t at %s degrees of freedom is SciPy’s', (df, t) => {
  expect(Math.abs(studentQuantile(Number(df)) / t - 1)).toBeLessThan(1e-7);
});

test.each(golden.crafted)('the interval of $values is SciPy’s', ({ values, interval }) => {
  const found = meanInterval(values) as Interval;
  expect(found.n).toBe(interval.n);
  for (const part of ['mean', 'sd', 'low', 'high'] as const) {
    if (interval[part] === null) expect(found[part]).toBeNull();
    else expect(Math.abs((found[part] as number) - interval[part]) / Math.abs(interval[part] || 1)).toBeLessThan(1e-7);
  }
});

test('no values have no interval, and equal ones one of no width', () => {
  expect(meanInterval([])).toBeNull();
  expect(meanInterval([0.1, 0.1, 0.1])).toMatchObject({ sd: 0, low: 0.1, high: 0.1 });
});

test('a paired difference uses the seeds that both arms have, in their order', () => {
  const found = pairedDifference([5, null, 9, 4], [1, 2, null, 1]);
  // Differences 4 and 3: mean 3.5, s = √0.5, half width 12.7062 · √0.5/√2 = 6.3531.
  expect(found?.n).toBe(2);
  expect(found?.mean).toBe(3.5);
  expect(found?.high).toBeCloseTo(3.5 + 6.3531, 4);
});

const round = (index: number, testLoss: number | null, testAccuracy: number | null, more: object = {}) => ({
  ...{ round: index, cohort: [3, 4, 5], replies: 2, trainLoss: 1 / (index + 1), testLoss, testAccuracy },
  ...{ examples: 100, steps: 10, learningRate: 0.1, batchSize: 8, ...more },
});
const rounds = [
  round(0, 2, 0.5),
  round(1, null, null),
  round(2, 1, 0.8, { learningRate: 0.05 }),
  round(3, 3, 0.7, { batchSize: 'full' }),
];

test('a trial is measured from its records alone', () => {
  const found = measureTrial(rounds, { target: { testAccuracy: 0.75 }, lastRounds: 3, parameters: 1000 });
  // Bytes: 4 · 1000 · (3 sent + 2 received) a round; spread of [1, 3] is √2, of [0.8, 0.7] √0.005.
  expect(found).toEqual({
    finalTestLoss: 3,
    finalTestAccuracy: 0.7,
    bestTestAccuracy: 0.8,
    finalTrainLoss: 0.25,
    spreadTestLoss: expect.closeTo(Math.SQRT2, 12),
    spreadTestAccuracy: expect.closeTo(Math.sqrt(0.005), 12),
    roundsToTarget: 3,
    examplesToTarget: 300,
    stepsToTarget: 30,
    bytesToTarget: 60_000,
    simulatedSecondsToTarget: null,
    simulatedJoulesToTarget: null,
    simulatedBytesToTarget: null,
    examples: 400,
    steps: 40,
    bytes: 80_000,
  });
});

test('a target that was not reached has no figures', () => {
  const found = measureTrial(rounds, { target: { testAccuracy: 0.9, testLoss: 0.5 }, lastRounds: 2, parameters: 1 });
  expect([found.roundsToTarget, found.stepsToTarget, found.bytesToTarget]).toEqual([null, null, null]);
});

test('what is simulated is read off the record that reached the target', () => {
  const timed = rounds.map((one, index) => ({
    ...one,
    simulatedSeconds: 2.5 * (index + 1),
    simulatedJoules: 7 * (index + 1),
    simulatedBytes: 1000 * (index + 1),
  }));
  const found = measureTrial(timed, { target: { testAccuracy: 0.75 }, lastRounds: 3, parameters: 1000 });
  expect(found).toMatchObject({
    simulatedSecondsToTarget: 7.5,
    simulatedJoulesToTarget: 21,
    simulatedBytesToTarget: 3000,
  });
  expect(scheduledFields([[timed]])).toEqual(['learningRate']);
  const of = { n: 2, mean: 7.5, sd: 1, low: 6.5, high: 8.5 };
  expect(writeInterval('seconds', of).mean).toBe('7.5 s');
  expect(writeInterval('joules', of, { difference: true }).mean).toBe('+7.5 J');
});

test('a curve is the mean over trials where any has a value, against what they had used by then', () => {
  const other = rounds.map((one) => ({ ...one, testLoss: one.testLoss === null ? null : one.testLoss + 1, steps: 30 }));
  const curve = curveOf([rounds, other], 'testLoss');
  expect(curve.map((point) => [point.rounds, point.steps, point.value.mean])).toEqual([
    [1, 20, 2.5],
    [3, 60, 1.5],
    [4, 80, 3.5],
  ]);
});

test('scheduled values worth a picture are those that change or differ', () => {
  expect(scheduledFields([[rounds]])).toEqual(['learningRate']);
  expect(scheduledFields([[rounds], [rounds.map((one) => ({ ...one, batchSize: 16 }))]])).toEqual([
    'learningRate',
    'batchSize',
  ]);
});

test('figures are written with the digits that their interval makes sense of', () => {
  const of = (mean: number, half: number): Interval => ({ n: 5, mean, sd: half, low: mean - half, high: mean + half });
  expect(writeInterval('loss', of(0.20114, 0.0073))).toEqual({ mean: '0.2011', range: '0.1938 to 0.2084' });
  expect(writeInterval('share', of(0.94413, 0.0025))).toEqual({ mean: '94.41 %', range: '94.16 to 94.66' });
  expect(writeInterval('share', of(-0.0012, 0.002), { difference: true })).toEqual({
    mean: '−0.12 pp',
    range: '−0.32 to 0.08',
  });
  const steps = { n: 5, mean: 33750, sd: 0, low: 33750, high: 33750 };
  expect(writeInterval('count', steps)).toEqual({ mean: '33,750', range: 'exact' });
  expect(writeInterval('bytes', of(183.2e6, 1e6)).mean).toBe('183.20 MB');
  expect(writeInterval('loss', null)).toEqual({ mean: '–', range: '–' });
});
