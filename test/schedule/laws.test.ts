import fc from 'fast-check';
import { scheduleKinds } from 'fedtempo/shared/schedule/create.js';
import { createSchedule } from 'fedtempo/shared/schedule/parse.js';
import { describe, expect, test } from 'vitest';
import { coupled, everyKind, plain, progressAt, TOTAL, totals } from '../support/schedule-specs.js';

const rounds = Array.from({ length: TOTAL + 3 }, (_, round) => round);
const valuesOf = (spec: unknown, at = rounds) => {
  const schedule = createSchedule(spec, totals);
  return at.map((round) => schedule.at(progressAt(round)));
};
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)) + 1e-15;

test('every kind is held to the laws', () => {
  expect([...Object.keys(everyKind), ...coupled].sort()).toEqual([...scheduleKinds].sort());
});

describe.each(Object.entries(everyKind))('%s', (_, specs) => {
  test('is pure: any order, any number of times, made anew in the middle', () => {
    fc.assert(
      fc.property(specs, fc.shuffledSubarray(rounds), (spec, order) => {
        const values = valuesOf(spec);
        expect(valuesOf(spec, order)).toEqual(order.map((round) => values[round]));
      }),
      { numRuns: 40 },
    );
  });

  test('is finite and not negative', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        for (const value of valuesOf(spec)) {
          expect(Number.isFinite(value)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('counts in its unit alone: steps in place of rounds give the same curve', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        if (JSON.stringify(spec).includes('formula')) return;
        const byStep = createSchedule({ ...(spec as object), unit: 'step' }, { rounds: 7, steps: TOTAL, examples: 1 });
        const at = (step: number) => ({
          round: 2,
          totalRounds: 7,
          step,
          totalSteps: TOTAL,
          examplesSeen: 5,
          totalExamples: 1,
        });
        expect(rounds.map((step) => byStep.at(at(step)))).toEqual(valuesOf(spec));
      }),
      { numRuns: 30 },
    );
  });
});

/** Kinds that run from a start to an end over a length. */
const ranged = ['linear', 'polynomial', 'cosine', 'oneCycle'] as const;

describe.each(ranged)('%s', (kind) => {
  test('has its start value at t = 0 and its end value from t = n on, exactly', () => {
    fc.assert(
      fc.property(plain[kind], (spec) => {
        const { start, end, length, period } = spec as unknown as {
          start: number;
          end: number;
          length: number;
          period?: number;
        };
        if (period !== undefined) return;
        expect(valuesOf(spec, [0, length, length + 1, TOTAL + 5])).toEqual([start, end, end, end]);
      }),
    );
  });
});

test.each(['linear', 'polynomial', 'cosine', 'exponential', 'step', 'inverseTime', 'inverseSqrt'] as const)(
  '%s never turns',
  (kind) => {
    fc.assert(
      fc.property(plain[kind], (spec) => {
        if ('period' in (spec as object)) return;
        const values = valuesOf(spec);
        const steps = values.slice(1).map((value, index) => value - values[index]);
        // A unit in the last place may go the other way where two roundings meet.
        const slack = 4e-16 * Math.max(...values);
        expect(steps.every((step) => step <= slack) || steps.every((step) => step >= -slack)).toBe(true);
      }),
    );
  },
);

test('a warm-up starts at its own value, meets the schedule, and the whole ends at T', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: TOTAL - 1 }), fc.constantFrom('linear', 'exponential'), (over, shape) => {
      const spec = { kind: 'warmup', over, from: 0.01, shape, schedule: { kind: 'linear', start: 0.5, end: 0.1 } };
      const values = valuesOf(spec, [0, over, TOTAL]);
      expect(values).toEqual([0.01, 0.5, 0.1]);
      const before = valuesOf(spec, rounds.slice(0, over + 1));
      expect(before.every((value, index) => index === 0 || value > before[index - 1])).toBe(true);
    }),
  );
});

test('a join that is asked to be continuous is, and parts count from their boundary', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: TOTAL - 1 }),
      fc.double({ min: 0.01, max: 5, noNaN: true }),
      (boundary, middle) => {
        const spec = {
          kind: 'join',
          continuous: true,
          boundaries: [boundary],
          schedules: [
            { kind: 'linear', start: 0, end: middle },
            { kind: 'cosine', start: middle, end: 0.001 },
          ],
        };
        const [at, end] = valuesOf(spec, [boundary, TOTAL]);
        expect(close(at, middle)).toBe(true);
        expect(end).toBe(0.001);
        // Halfway between rounds the two sides still meet: the seam is one of the curve, not of the samples.
        const schedule = createSchedule(spec, totals);
        const [left, right] = [boundary - 1e-7, boundary + 1e-7].map((round) => schedule.at(progressAt(round)));
        expect(Math.abs(left - right)).toBeLessThan(2e-6 * (1 + middle));
      },
    ),
  );
});

test('a product is the product, a scale the multiple, a clamp within its bounds', () => {
  fc.assert(
    fc.property(plain.cosine, plain.step, fc.double({ min: 0, max: 3, noNaN: true }), (a, b, factor) => {
      const [first, second] = [valuesOf(a), valuesOf(b)];
      expect(valuesOf({ kind: 'product', schedules: [a, b] })).toEqual(
        first.map((value, index) => value * second[index]),
      );
      expect(valuesOf({ kind: 'scale', factor, schedule: a })).toEqual(first.map((value) => factor * value));
      const clamped = valuesOf({ kind: 'clamp', min: 0.1, max: 0.2, schedule: a });
      expect(clamped).toEqual(first.map((value) => Math.min(0.2, Math.max(0.1, value))));
    }),
  );
});

test('a table holds each value for `every` positions and keeps its last', () => {
  const spec = { kind: 'table', values: [3, 2, 1], every: 2, keepLast: true };
  expect(valuesOf(spec, [0, 1, 2, 3, 4, 5, 6, 39])).toEqual([3, 3, 2, 2, 1, 1, 1, 1]);
});

test('wsd has closed forms: 1 − √u, cosine and line, with the peak kept until n − decay', () => {
  const at = [0, 2, 4, 5, 30, 32, 35, 39, 40, 41];
  const spec = { kind: 'wsd', peak: 0.8, from: 0.1, end: 0.04, warmup: 4, decay: 10 };
  const decayed = (share: (u: number) => number) => [0, 0.2, 0.5, 0.9].map((u) => 0.04 + 0.76 * share(u));
  for (const [shape, share] of [
    ['oneMinusSqrt', (u: number) => 1 - Math.sqrt(u)],
    ['linear', (u: number) => 1 - u],
    ['cosine', (u: number) => (1 + Math.cos(Math.PI * u)) / 2],
  ] as const) {
    const values = valuesOf({ ...spec, shape }, at);
    const expected = [0.1, 0.45, 0.8, 0.8, ...decayed(share), 0.04, 0.04];
    values.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index], 14);
    });
  }
});
