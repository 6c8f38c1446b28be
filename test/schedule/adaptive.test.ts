import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { RoundMetrics, UpdateSpread } from 'fedtempo/shared/schedule/adaptive/adaptive.js';
import { adaptiveSchema, adaptiveTargets, createAdaptive } from 'fedtempo/shared/schedule/adaptive/create.js';
import { describe, expect, test } from 'vitest';

const make = (spec: unknown) => createAdaptive(adaptiveSchema.parse(spec));
const nothing: RoundMetrics = { round: 0, trainLoss: null, testLoss: null, testAccuracy: null, updates: null };
const losses = (values: readonly (number | null)[]) =>
  values.map((testLoss, round): RoundMetrics => ({ ...nothing, round, testLoss }));

/** The value after each round's metrics. */
function trace(spec: unknown, metrics: readonly RoundMetrics[]): unknown[] {
  const adaptive = make(spec);
  let state = adaptive.init();
  return metrics.map((each) => {
    state = adaptive.observe(state, each);
    return adaptive.value(state);
  });
}

/** The moments of updates given as vectors, with equal weights unless others are given. */
function spreadOf(deltas: readonly (readonly number[])[], examplesPerUpdate = 10, weights?: number[]): UpdateSpread {
  const p = weights ?? deltas.map(() => 1 / deltas.length);
  const square = (vector: readonly number[]) => vector.reduce((sum, value) => sum + value * value, 0);
  const mean = deltas[0].map((_, at) => deltas.reduce((sum, delta, k) => sum + p[k] * delta[at], 0));
  return {
    count: deltas.length,
    meanSquaredNorm: deltas.reduce((sum, delta, k) => sum + p[k] * square(delta), 0),
    squaredNormOfMean: square(mean),
    sumOfSquaredWeights: square(p),
    examplesPerUpdate,
  };
}
const rounds = (spreads: readonly (UpdateSpread | null)[]) =>
  spreads.map((updates, round): RoundMetrics => ({ ...nothing, round, updates }));

describe('plateau traces are those of the library', () => {
  const file = new URL('../golden/schedules/plateaus.json', import.meta.url);
  const golden = JSON.parse(readFileSync(file, 'utf8')) as {
    losses: number[];
    traces: { library: string; spec: { patience: number }; values: number[] }[];
  };
  test.each(golden.traces.map((each) => [each.library, each.spec.patience, each] as const))(
    '%s, patience %d',
    (_, __, { spec, values }) => {
      trace(spec, losses(golden.losses)).forEach((value, index) => {
        expect(value).toBeCloseTo(values[index], 12);
      });
    },
  );

  test('one loss, two rules: optax’s at the patience-th bad round, PyTorch’s one later', () => {
    const flat = losses([1, 1, 1, 1, 1, 1]);
    const spec = { kind: 'reduceOnPlateau', start: 1, factor: 0.5, patience: 2 };
    expect(trace(spec, flat)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
    expect(trace({ ...spec, rule: 'pytorch' }, flat)).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
  });
});

test('accuracy should rise, and a round without a measure counts for nothing', () => {
  const measures = [0.5, null, 0.6, null, 0.6, 0.55, null];
  const metrics = measures.map((testAccuracy, round) => ({ ...nothing, round, testAccuracy }));
  const spec = { kind: 'reduceOnPlateau', start: 1, factor: 0.5, patience: 2, metric: 'testAccuracy' };
  expect(trace(spec, metrics)).toEqual([1, 1, 1, 1, 1, 0.5, 0.5]);
});

test('a loss that is no number is bad and never the best', () => {
  const spec = { kind: 'reduceOnPlateau', start: 1, factor: 0.5, patience: 2 };
  expect(trace(spec, losses([Number.NaN, Number.NaN, 3, 2, Number.NaN]))).toEqual([1, 0.5, 0.5, 0.5, 0.5]);
});

test('growBatchOnPlateau doubles the batch at each plateau, up to its cap', () => {
  const spec = { kind: 'growBatchOnPlateau', start: 32, max: 100, patience: 1 };
  expect(trace(spec, losses([1, 1, 1, 0.5, 0.5]))).toEqual([32, 64, 100, 100, 100]);
});

test('stopWhenFlat says so at the patience-th round without improvement, and keeps to it', () => {
  const spec = { kind: 'stopWhenFlat', patience: 2, rtol: 0.1 };
  expect(trace(spec, losses([1, 0.5, 0.49, 0.48, 0.1]))).toEqual([false, false, false, true, true]);
});

describe('gradientNoiseScale', () => {
  // Updates (3, 1), (3, −1): N_small = 10, N_big = 9, Σp² = ½. ‖G‖² = (9 − 5)/½ = 8, trΣ = 20 (10 − 9)/½ = 40: B = 5, 2.5
  // for each of two clients, rounded up.
  const spread = spreadOf(
    [
      [3, 1],
      [3, -1],
    ],
    20,
  );
  const spec = { kind: 'gradientNoiseScale', start: 7, max: 64, smoothing: 0.5 };

  test('is tr Σ / ‖G‖² shared among the cohort, by hand', () => {
    expect(trace(spec, rounds([null, spread, spread]))).toEqual([7, 3, 3]);
  });

  test('averages the two estimates before it divides them', () => {
    // Then (1, 2), (1, −2): N_small = 5, N_big = 1; ‖G‖² = (1 − 2.5)/½ = −3, trΣ = 20 · 4/½ = 160.
    const noisy = spreadOf(
      [
        [1, 2],
        [1, -2],
      ],
      20,
    );
    // Weights ⅓ and ⅔: ‖G‖² = (8 − 6)/3 = ⅔, trΣ = (40 + 320)/3 = 120: 180, 90 each, so the cap.
    expect(trace({ ...spec, max: 1000 }, rounds([spread, noisy]))).toEqual([3, 90]);
    expect(trace(spec, rounds([noisy]))).toEqual([64]);
  });

  test('finds the noise scale of gradients that have one', () => {
    // Gradients g + ξ/√b with ‖g‖² = 4 and tr Σ = 100 · 0.36: B_noise = 9 for the cohort.
    let seed = 1;
    const uniform = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    const normal = () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b, 0) - 6;
    const update = () => Array.from({ length: 100 }, () => 0.2 + (0.6 * normal()) / Math.sqrt(20));
    const metrics = rounds(Array.from({ length: 400 }, () => spreadOf(Array.from({ length: 4 }, update), 20)));
    const values = trace({ ...spec, max: 1000, scale: 100, smoothing: 0.99 }, metrics) as number[];
    expect(Math.abs((values[399] * 4) / 100 - 9)).toBeLessThan(0.6);
  });
});

test('normTest grows the batch by the ratio of variance to norm, by hand', () => {
  const spec = { kind: 'normTest', start: 10, max: 100, theta: 0.5, growth: 3 };
  // (3, 1), (3, −1): s² = (10 − 9)/½ = 2, of the mean 1; θ²‖mean‖² = 2.25: quiet enough.
  const quiet = spreadOf([
    [3, 1],
    [3, -1],
  ]);
  // (1, 1), (1, −1): 1 against 0.25: four times too noisy, of which `growth` lets 3 through.
  const noisy = spreadOf([
    [1, 1],
    [1, -1],
  ]);
  // (2, 1.3), (2, −1.3): 1.69 against 1.
  const less = spreadOf([
    [2, 1.3],
    [2, -1.3],
  ]);
  expect(trace(spec, rounds([quiet, less, null, noisy, noisy, quiet]))).toEqual([10, 17, 17, 51, 100, 100]);
});

test('fedExp is Σ‖Δ‖²/(2m(‖mean‖² + ε)), at least 1, by hand', () => {
  // Four clients with orthogonal updates of norm 2: mean of squares 4, mean (½, ½, ½, ½), square 1: 4/(2 · 1) = 2.
  const apart = spreadOf([0, 1, 2, 3].map((axis) => [0, 1, 2, 3].map((at) => (at === axis ? 2 : 0))));
  const alike = spreadOf([
    [1, 1],
    [1, 1],
  ]);
  const still = spreadOf([
    [0, 0],
    [0, 0],
  ]);
  const spec = { kind: 'fedExp', epsilon: 0 };
  expect(trace(spec, rounds([apart, alike, still, null, apart]))).toEqual([2, 1, 1, 1, 2]);
  expect(trace({ kind: 'fedExp', epsilon: 1, scale: 0.5 }, rounds([apart]))).toEqual([0.5]);
  expect(make(spec).observes).toBe('updates');
});

describe.each([
  { kind: 'reduceOnPlateau', start: 0.1, patience: 2, cooldown: 1 },
  { kind: 'growBatchOnPlateau', start: 8, max: 512, patience: 1 },
  { kind: 'stopWhenFlat', patience: 3 },
  { kind: 'gradientNoiseScale', start: 8, max: 512 },
  { kind: 'normTest', start: 8, max: 512 },
  { kind: 'fedExp' },
])('$kind', (spec) => {
  const measure = fc.option(fc.double({ min: 0, max: 5, noNaN: true }));
  const spread = fc
    .array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }), {
      minLength: 2,
      maxLength: 5,
    })
    .map((deltas) => spreadOf(deltas));
  const metrics = fc.array(
    fc.record({
      round: fc.nat(),
      trainLoss: measure,
      testLoss: measure,
      testAccuracy: measure,
      updates: fc.option(spread),
    }),
    { maxLength: 40 },
  );

  test('serialised and restored in the middle goes on with the same values; asking changes nothing', () => {
    fc.assert(
      fc.property(metrics, fc.nat(40), (all, cut) => {
        const adaptive = make(spec);
        let state = adaptive.init();
        const values = all.map((each, index) => {
          if (index === cut) state = JSON.parse(JSON.stringify(state));
          const before = JSON.stringify(state);
          const next = adaptive.observe(state, each);
          expect(JSON.stringify(state)).toBe(before);
          state = next;
          adaptive.value(state);
          return adaptive.value(state);
        });
        expect(values).toEqual(trace(spec, all));
        for (const value of values) if (typeof value === 'number') expect(value).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  test('names what it may drive', () => {
    expect(adaptiveTargets[spec.kind as keyof typeof adaptiveTargets].length).toBeGreaterThan(0);
  });
});

test.each([
  [{ kind: 'reduceOnPlateau', start: 0.1, factor: 1 }, 'factor'],
  [{ kind: 'reduceOnPlateau', start: 0.1, patience: 0 }, 'patience'],
  [{ kind: 'reduceOnPlateau', start: -1 }, 'start'],
  [{ kind: 'reduceOnPlateau', start: 1, rtol: Number.NaN }, 'rtol'],
  [{ kind: 'growBatchOnPlateau', start: 8 }, 'max'],
  [{ kind: 'gradientNoiseScale', start: 8, max: 9, smoothing: 1 }, 'smoothing'],
  [{ kind: 'normTest', start: 8, max: 9, theta: 0 }, 'theta'],
  [{ kind: 'fedExp', max: 0.5 }, 'max'],
  [{ kind: 'stopWhenFlat', metric: 'loss' }, 'metric'],
])('%j is refused for its %s', (spec, key) => {
  const parsed = adaptiveSchema.safeParse(spec);
  expect(parsed.error?.issues[0].path).toEqual([key]);
});
