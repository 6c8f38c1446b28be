import { FedtempoError } from 'fedtempo/shared/errors.js';
import { createSchedule } from 'fedtempo/shared/schedule/parse.js';
import { describe, expect, test } from 'vitest';
import { totals } from '../support/schedule-specs.js';

function refusal(spec: unknown): FedtempoError {
  try {
    createSchedule(spec, totals);
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error(`not refused: ${JSON.stringify(spec)}`);
}

const linear = { kind: 'linear', start: 1, end: 0 };

describe('a bad parameter is refused when the schedule is made, by its key', () => {
  test.each<[string, unknown, string]>([
    ['a negative number', -1, 'schedule'],
    ['a number that is none', Number.NaN, 'schedule'],
    ['an unknown kind', { kind: 'liner' }, 'schedule.kind'],
    ['an unknown unit', { ...linear, unit: 'epoch' }, 'schedule.unit'],
    ['a unit inside', { kind: 'scale', factor: 1, schedule: { ...linear, unit: 'step' } }, 'schedule.schedule'],
    ['a negative length', { ...linear, length: -3 }, 'schedule.length'],
    ['a length of 0', { ...linear, length: 0 }, 'schedule.length'],
    ['a fractional length', { ...linear, length: 2.5 }, 'schedule.length'],
    ['an infinite start', { ...linear, start: Number.POSITIVE_INFINITY }, 'schedule.start'],
    ['a negative end', { ...linear, end: -0.1 }, 'schedule.end'],
    ['a power NaN', { kind: 'polynomial', start: 1, power: Number.NaN }, 'schedule.power'],
    ['a power of 0', { kind: 'polynomial', start: 1, power: 0 }, 'schedule.power'],
    ['a negative factor', { kind: 'step', start: 1, factor: -0.5, every: 3 }, 'schedule.factor'],
    ['steps every 0', { kind: 'step', start: 1, factor: 0.5, every: 0 }, 'schedule.every'],
    ['an end above a decay', { kind: 'exponential', start: 1, factor: 0.5, end: 2 }, 'schedule.end'],
    ['unsorted milestones', { kind: 'multiStep', start: 1, milestones: [9, 4], factor: 0.1 }, 'schedule.milestones.1'],
    ['a milestone twice', { kind: 'multiStep', start: 1, milestones: [4, 4], factor: 0.1 }, 'schedule.milestones.1'],
    ['a milestone at 0', { kind: 'multiStep', start: 1, milestones: [0, 4], factor: 0.1 }, 'schedule.milestones.0'],
    ['too few factors', { kind: 'multiStep', start: 1, milestones: [4, 9], factor: [0.1] }, 'schedule.factor'],
    ['too few values', { kind: 'piecewise', boundaries: [4, 9], values: [1, 2] }, 'schedule.values'],
    ['unsorted boundaries', { kind: 'piecewise', boundaries: [9, 4], values: [1, 2, 3] }, 'schedule.boundaries.1'],
    ['length and period', { kind: 'cosine', start: 1, length: 5, period: 5 }, 'schedule.length'],
    ['cycles without a period', { kind: 'cosine', start: 1, peakFactor: 0.5 }, 'schedule.peakFactor'],
    ['high below low', { kind: 'cyclic', low: 2, high: 1, up: 3 }, 'schedule.high'],
    ['expRange without its factor', { kind: 'cyclic', low: 0, high: 1, up: 3, shape: 'expRange' }, 'schedule.factor'],
    ['a factor without expRange', { kind: 'cyclic', low: 0, high: 1, up: 3, factor: 0.9 }, 'schedule.factor'],
    ['a rise of the whole length', { kind: 'oneCycle', peak: 1, rise: 1 }, 'schedule.rise'],
    ['phases longer than the run', { kind: 'wsd', peak: 1, warmup: 30, decay: 11 }, 'schedule.decay'],
    ['a warm-up as long as the run', { kind: 'warmup', over: 40, schedule: 1 }, 'schedule.over'],
    ['an exponential warm-up from 0', { kind: 'warmup', over: 4, shape: 'exponential', schedule: 1 }, 'schedule.from'],
    ['a warm-up without a schedule', { kind: 'warmup', over: 4 }, 'schedule.schedule'],
    ['a short table', { kind: 'table', values: [1, 2, 3] }, 'schedule.values'],
    ['a long table', { kind: 'table', values: new Array(41).fill(1) }, 'schedule.values'],
    ['a table of nothing', { kind: 'table' }, 'schedule.values'],
    ['a table of both', { kind: 'table', values: [1], file: 'a.csv' }, 'schedule.values'],
    ['a table that was not read', { kind: 'table', file: 'a.csv' }, 'schedule.file'],
    ['a join of too few', { kind: 'join', boundaries: [3, 5], schedules: [1, 2] }, 'schedule.schedules'],
    ['an unsorted join', { kind: 'join', boundaries: [5, 3], schedules: [1, 2, 3] }, 'schedule.boundaries.1'],
    ['a join beyond the run', { kind: 'join', boundaries: [40], schedules: [1, 2] }, 'schedule.boundaries.0'],
    [
      'a seam that jumps',
      { kind: 'join', continuous: true, boundaries: [5], schedules: [1, 2] },
      'schedule.schedules.1',
    ],
    [
      'a short table in a join',
      { kind: 'join', boundaries: [5], schedules: [1, { kind: 'table', values: [1] }] },
      'schedule.schedules.1.values',
    ],
    ['min above max', { kind: 'clamp', min: 2, max: 1, schedule: 1 }, 'schedule.min'],
    ['a product of one', { kind: 'product', schedules: [1] }, 'schedule.schedules'],
    ['a batch that follows nothing', { kind: 'linearScaling', rate: 0.1, baseBatchSize: 10 }, 'schedule'],
    [
      'a cap below the start',
      { kind: 'growBatchInsteadOfDecay', decay: 1, startBatchSize: 8, maxBatchSize: 4 },
      'schedule.maxBatchSize',
    ],
    [
      'growth in steps',
      { kind: 'seesaw', decay: 1, startBatchSize: 4, maxBatchSize: 8, unit: 'step' },
      'schedule.unit',
    ],
    [
      'a decay from 0',
      { kind: 'seesaw', decay: { kind: 'warmup', over: 3, schedule: 1 }, startBatchSize: 4, maxBatchSize: 8 },
      'schedule.decay',
    ],
    ['an unknown name', { kind: 'formula', value: '0.1 * rounds' }, 'schedule.value'],
  ])('%s', (_, spec, where) => {
    const { code, details } = refusal(spec);
    expect(code).toBe('SCHEDULE_INVALID');
    expect(details.where).toBe(where);
    expect(details.expected).toBeTruthy();
  });
});

test('an error says what was found and the way out', () => {
  expect(refusal({ kind: 'multiStep', start: 1, milestones: [3, 9, 4], factor: 0.1 }).message).toBe(
    [
      'schedule.milestones.2: milestones must rise',
      '  found:    4 after 9',
      '  expected: positions in rising order, each once',
      '  to mend:  sort milestones and write each position once',
    ].join('\n'),
  );
});
