/** Arbitrary specs of every kind of schedule, for a run of TOTAL rounds. */
import fc from 'fast-check';
import { makeProgress, type Progress } from 'fedtempo/shared/schedule/schedule.js';

export const TOTAL = 40;
export const totals = { rounds: TOTAL, steps: 10 * TOTAL, examples: 1000 * TOTAL };

export function progressAt(round: number): Progress {
  return makeProgress({ round, step: 10 * round, examplesSeen: 1000 * round }, totals);
}

const value = fc.double({ min: 1e-4, max: 10, noNaN: true });
const orZero = fc.oneof(fc.constant(0), value);
const power = fc.oneof(fc.constantFrom(0.5, 1, 2), fc.double({ min: 0.1, max: 5, noNaN: true }));
const length = fc.integer({ min: 1, max: TOTAL });
const factor = fc.double({ min: 0.05, max: 1.5, noNaN: true });
const shrinking = fc.double({ min: 0.05, max: 1, noNaN: true });
const rising = (count: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: TOTAL - 1 }), { minLength: count, maxLength: count })
    .map((all) => all.sort((a, b) => a - b));
const kind = <const K extends string, T extends Record<string, fc.Arbitrary<unknown>>>(name: K, shape: T) =>
  fc.record({ kind: fc.constant(name), ...shape }) as fc.Arbitrary<{ kind: string } & Record<string, unknown>>;

export const plain = {
  constant: kind('constant', { value: orZero }),
  linear: kind('linear', { start: value, end: orZero, length }),
  polynomial: kind('polynomial', { start: value, end: orZero, power, length }),
  exponential: kind('exponential', { start: value, factor, every: length, staircase: fc.boolean() }),
  step: kind('step', { start: value, factor, every: length }),
  multiStep: fc
    .tuple(rising(3), value, factor)
    .map(([milestones, start, by]) => ({ kind: 'multiStep', start, milestones, factor: by })),
  piecewise: fc
    .tuple(rising(3), fc.array(orZero, { minLength: 4, maxLength: 4 }))
    .map(([boundaries, values]) => ({ kind: 'piecewise', boundaries, values })),
  inverseTime: kind('inverseTime', { start: value, rate: value, every: length, staircase: fc.boolean(), power }),
  inverseSqrt: kind('inverseSqrt', { start: value, timescale: value }),
  cosine: fc.oneof(
    kind('cosine', { start: value, end: orZero, power, length }),
    kind('cosine', {
      start: value,
      end: orZero,
      period: length,
      periodFactor: fc.constantFrom(1, 2, 3),
      peakFactor: shrinking,
    }),
  ),
  oneCycle: kind('oneCycle', {
    peak: value,
    start: orZero,
    end: orZero,
    rise: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    shape: fc.constantFrom('cosine', 'linear'),
    length,
  }),
  cyclic: fc.oneof(
    fc
      .tuple(orZero, orZero, length, length, fc.constantFrom('triangular', 'triangular2'))
      .map(([a, b, up, down, shape]) => ({
        kind: 'cyclic',
        low: Math.min(a, b),
        high: Math.max(a, b),
        up,
        down,
        shape,
      })),
    fc
      .tuple(value, length, shrinking)
      .map(([high, up, by]) => ({ kind: 'cyclic', low: 0, high, up, shape: 'expRange', factor: by })),
  ),
  wsd: kind('wsd', {
    peak: value,
    from: orZero,
    end: orZero,
    warmup: fc.integer({ min: 0, max: 15 }),
    decay: fc.integer({ min: 1, max: 25 }),
    shape: fc.constantFrom('linear', 'cosine', 'oneMinusSqrt'),
  }),
  table: fc.array(orZero, { minLength: TOTAL, maxLength: TOTAL }).map((values) => ({ kind: 'table', values })),
  formula: fc
    .tuple(value, power)
    .map(([start, by]) => ({ kind: 'formula', value: `${start} * max(0, 1 - round / totalRounds) ^ ${by}` })),
};

const any = fc.oneof(
  ...(Object.values(plain) as fc.Arbitrary<unknown>[]).filter((each) => each !== plain.table && each !== plain.wsd),
);

export const wrapping = {
  warmup: kind('warmup', {
    over: fc.integer({ min: 1, max: TOTAL - 1 }),
    from: value,
    shape: fc.constantFrom('linear', 'exponential'),
    schedule: fc.oneof(value, plain.cosine, plain.step),
  }),
  join: fc
    .tuple(rising(2), fc.array(any, { minLength: 3, maxLength: 3 }))
    .map(([boundaries, schedules]) => ({ kind: 'join', boundaries, schedules })),
  scale: kind('scale', { factor: orZero, schedule: any }),
  clamp: fc
    .tuple(value, value, any)
    .map(([a, b, schedule]) => ({ kind: 'clamp', min: Math.min(a, b), max: Math.max(a, b), schedule })),
  product: kind('product', { schedules: fc.array(any, { minLength: 2, maxLength: 3 }) }),
};

/** Kinds that follow another hyperparameter; they are held to their laws in coupled.test.ts. */
export const coupled = ['linearScaling', 'sqrtScaling', 'growBatchInsteadOfDecay', 'seesaw', 'fromLearningRate', 'qsr'];

export const everyKind: Record<string, fc.Arbitrary<unknown>> = { ...plain, ...wrapping };
