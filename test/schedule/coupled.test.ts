import fc from 'fast-check';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import type { HyperparameterSpecs } from 'fedtempo/shared/schedule/hyperparameters.js';
import { planRun } from 'fedtempo/shared/schedule/run-plan.js';
import { describe, expect, test } from 'vitest';
import { plain } from '../support/schedule-specs.js';

const shape = { rounds: 40, clients: 10, examples: 1000 };
const rounds = Array.from({ length: 40 }, (_, round) => round);
const follow = (specs: unknown) => {
  const plan = planRun({ localEpochs: 1, ...(specs as HyperparameterSpecs) }, shape);
  return rounds.map((round) => plan.values(round) as Record<string, number>);
};
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
const fromLearningRate = { kind: 'fromLearningRate' };
const decays = fc.oneof(
  plain.step.filter((spec) => (spec.factor as number) <= 1),
  plain.polynomial.map((spec) => ({ ...spec, end: 0 })),
  plain.cosine.map((spec) => ({ ...spec, end: 0 })),
  plain.inverseTime,
);

describe('the rate follows the batch that is used, after rounding', () => {
  test.each([
    ['linearScaling', (ratio: number) => ratio],
    ['sqrtScaling', Math.sqrt],
  ] as const)('%s', (kind, of) => {
    const values = follow({
      learningRate: { kind, rate: { kind: 'linear', start: 0.1, end: 0 }, baseBatchSize: 16 },
      batchSize: { kind: 'linear', start: 10, end: 51 },
    });
    values.forEach(({ learningRate, batchSize }, round) => {
      expect(batchSize).toBe(Math.floor(10 + (41 * round) / 40 + 0.5));
      expect(learningRate).toBeCloseTo(0.1 * (1 - round / 40) * of(batchSize / 16), 15);
    });
  });

  test('a full batch is the mean shard, n/C', () => {
    const [{ learningRate, batchSize }] = follow({
      learningRate: { kind: 'linearScaling', rate: 0.1, baseBatchSize: 10 },
      batchSize: 'full',
    });
    expect([learningRate, batchSize]).toEqual([1, 'full']);
  });
});

describe('growBatchInsteadOfDecay', () => {
  test('holds the rate to the bit while the batch grows by the inverse factor, then lets the rate fall', () => {
    const values = follow({
      learningRate: {
        kind: 'growBatchInsteadOfDecay',
        decay: { kind: 'step', start: 0.1, factor: 0.2, every: 10 },
        startBatchSize: 32,
        maxBatchSize: 1000,
      },
      batchSize: fromLearningRate,
    });
    const at = [0, 9, 10, 19, 20, 29, 30, 39].map((round) => [values[round].learningRate, values[round].batchSize]);
    expect(at.slice(0, 6)).toEqual([
      [0.1, 32],
      [0.1, 32],
      [0.1, 160],
      [0.1, 160],
      [0.1, 800],
      [0.1, 800],
    ]);
    // 4,000 would be due: the cap gives 1,000, and the rate falls by the missing factor of 4.
    expect(at[6][1]).toBe(1000);
    expect(at[6][0]).toBeCloseTo(0.025, 15);
    expect(at[7]).toEqual(at[6]);
  });

  test('keeps η/B at that of the decay in every round, whatever is rounded or capped', () => {
    fc.assert(
      fc.property(decays, fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 50 }), (decay, start, times) => {
        const trade = { decay, startBatchSize: start, maxBatchSize: start * times };
        const values = follow({
          learningRate: { kind: 'growBatchInsteadOfDecay', ...trade },
          batchSize: fromLearningRate,
        });
        const plan = planRun({ learningRate: decay as never }, shape);
        values.forEach(({ learningRate, batchSize }, round) => {
          const decayed = plan.resolver.value('learningRate', plan.progressAt(round)) as number;
          expect(close(learningRate / batchSize, decayed / start)).toBe(true);
          expect(batchSize).toBeLessThanOrEqual(start * times);
          expect(Number.isInteger(batchSize)).toBe(true);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('seesaw', () => {
  const trade = { startBatchSize: 32, maxBatchSize: 256 };

  test('at each halving of the decay the rate falls by √2 and the batch doubles, until the cap', () => {
    const decay = { kind: 'step', start: 0.4, factor: 0.5, every: 8 };
    const values = follow({ learningRate: { kind: 'seesaw', decay, ...trade }, batchSize: fromLearningRate });
    const at = [0, 7, 8, 16, 24, 32, 39].map((round) => values[round]);
    expect(at.map(({ batchSize }) => batchSize)).toEqual([32, 32, 64, 128, 256, 256, 256]);
    const expected = [1, 1, 2 ** -0.5, 0.5, 2 ** -1.5, 2 ** -2.5, 2 ** -2.5].map((factor) => 0.4 * factor);
    at.forEach(({ learningRate }, index) => {
      expect(learningRate).toBeCloseTo(expected[index], 14);
    });
  });

  test('a smooth decay is taken at its cuts: η/√B is that of the last cut', () => {
    const decay = { kind: 'cosine', start: 0.4, end: 0.001 };
    const values = follow({ learningRate: { kind: 'seesaw', decay, ...trade }, batchSize: fromLearningRate });
    const plan = planRun({ learningRate: decay as never }, shape);
    values.forEach(({ learningRate, batchSize }, round) => {
      const decayed = plan.resolver.value('learningRate', plan.progressAt(round)) as number;
      const cut = 0.4 * 2 ** -Math.floor(Math.log2(0.4 / decayed) + 1e-9);
      expect(learningRate / Math.sqrt(batchSize)).toBeCloseTo(cut / Math.sqrt(32), 12);
    });
  });
});

test('qsr: local steps are max(base, ⌊(α/η)²⌋), at most max', () => {
  const values = follow({
    localEpochs: undefined,
    learningRate: { kind: 'linear', start: 0.4, end: 0 },
    batchSize: 10,
    localSteps: { kind: 'qsr', base: 4, growth: 0.3, max: 500 },
  });
  values.forEach(({ learningRate, localSteps }) => {
    expect(localSteps).toBe(Math.min(500, Math.max(4, Math.floor((0.3 / learningRate) ** 2))));
  });
  // By hand: 0.3/0.4 squared is below 1; at 0.02, 15² = 225 (or one less by rounding); the last round has 0.01, 900.
  expect(values[0].localSteps).toBe(4);
  expect([224, 225]).toContain(values[38].localSteps);
  expect(values[39].localSteps).toBe(500);
});

describe('schedules that cannot be worked out are refused', () => {
  const attempt = (specs: unknown) => {
    try {
      follow(specs);
    } catch (error) {
      if (error instanceof FedtempoError) return error.details;
      throw error;
    }
    throw new Error('not refused');
  };

  test.each<[string, unknown, string, string]>([
    [
      'a circle',
      {
        learningRate: { kind: 'linearScaling', rate: 0.1, baseBatchSize: 10 },
        batchSize: fromLearningRate,
      },
      'schedules.learningRate',
      'learningRate → batchSize → learningRate',
    ],
    [
      'a circle through a wrapper',
      {
        learningRate: { kind: 'clamp', max: 1, schedule: { kind: 'sqrtScaling', rate: 0.1, baseBatchSize: 10 } },
        batchSize: fromLearningRate,
      },
      'schedules.learningRate',
      'learningRate → batchSize → learningRate',
    ],
    [
      'a batch side without its partner',
      { learningRate: 0.1, batchSize: fromLearningRate },
      'schedules.batchSize.kind',
      'learningRate without a kind',
    ],
    [
      'sides in different units',
      {
        learningRate: { kind: 'seesaw', unit: 'examples', decay: 1, startBatchSize: 4, maxBatchSize: 8 },
        batchSize: fromLearningRate,
      },
      'schedules.batchSize.unit',
      'batchSize in round, learningRate in examples',
    ],
    [
      'a follower of what is not there',
      {
        learningRate: 0.1,
        localEpochs: undefined,
        localSteps: { kind: 'qsr', base: 1, growth: 1 },
        batchSize: undefined,
        clipNorm: fromLearningRate,
        proximalMu: { kind: 'linearScaling', rate: 1, baseBatchSize: 1 },
      },
      'schedules.proximalMu',
      'no schedules.batchSize',
    ],
    [
      'a length that follows from itself',
      {
        learningRate: { kind: 'linear', start: 1, end: 0, unit: 'step' },
        batchSize: 10,
        localEpochs: undefined,
        localSteps: { kind: 'qsr', base: 2, growth: 1 },
      },
      'schedules.learningRate',
      'learningRate → localSteps',
    ],
    [
      'a batch that needs the steps it sets',
      { learningRate: 0.1, batchSize: { kind: 'formula', value: '10 + totalSteps' } },
      'schedules.batchSize',
      'batchSize',
    ],
  ])('%s', (_, specs, where, found) => {
    expect(attempt(specs)).toEqual(expect.objectContaining({ where, found: expect.stringContaining(found) }));
  });

  test('but the same with a length of its own is worked out', () => {
    const values = follow({
      learningRate: { kind: 'linear', start: 1, end: 0, unit: 'step', length: 400 },
      batchSize: 10,
      localEpochs: undefined,
      localSteps: { kind: 'qsr', base: 2, growth: 1 },
    });
    expect(values[1]).toEqual({ learningRate: 1 - 2 / 400, batchSize: 10, localSteps: 2 });
  });
});
