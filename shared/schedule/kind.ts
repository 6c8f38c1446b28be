/** What a file of `kinds/` exports: the shape of its parameters, and how to make the curve. */
import { z } from 'zod';
import { type ErrorDetails, FedtempoError } from '../errors.js';
import type { HyperparameterName } from './names.js';
import type { Curve, Progress, Unit } from './schedule.js';

/** A schedule by its kind, as the schema lets it through. The parameters are those of the kind. */
export interface KindSpec {
  readonly kind: string;
  /** On the outermost schedule only. */
  readonly unit?: Unit | undefined;
  readonly [parameter: string]: unknown;
}

/** A number is a constant schedule. */
export type ScheduleSpec = number | KindSpec;

/** What a curve may know when it is made. */
export interface KindContext {
  readonly unit: Unit;
  /** The length of a schedule that names none: that of the run, or of the part of a join it stands in. */
  total(): number;
  /** Dotted path of the schedule, for errors: `schedules.learningRate.schedule`. */
  readonly path: string;
  /** Makes the curve of a schedule inside this one, found under `key`; `total` is its default length, ours if left out. */
  nested(spec: ScheduleSpec, key: string, total?: () => number): Curve;
  /** Another hyperparameter's value as it is used: rounded and clamped. A batch size `full` is the mean shard. */
  reference(name: HyperparameterName): (progress: Progress) => number;
  /** Another hyperparameter's spec. */
  specOf(name: HyperparameterName): ScheduleSpec | 'full' | undefined;
  /** Progress at position t, for kinds that look at a boundary when made. */
  progressAt(t: number): Progress;
}

export interface ScheduleKind<Shape extends z.ZodObject = z.ZodObject> {
  /** Strict object with `kind` as a literal; its descriptions become the editor's help. */
  readonly schema: Shape;
  /** The hyperparameters whose values it uses. */
  readonly refersTo?: readonly HyperparameterName[];
  /**
   * @throws FedtempoError SCHEDULE_INVALID where parameters of the right type cannot work together
   */
  create(parameters: z.output<Shape>, context: KindContext): Curve;
}

/** Keeps the parameter type of `create` tied to the schema. */
export function defineKind<Shape extends z.ZodObject>(kind: ScheduleKind<Shape>): ScheduleKind<Shape> {
  return kind;
}

/** An error that names a key of the schedule. */
export function invalid(
  context: Pick<KindContext, 'path'>,
  key: string,
  summary: string,
  details: Omit<ErrorDetails, 'where'>,
): FedtempoError {
  return new FedtempoError('SCHEDULE_INVALID', summary, {
    ...details,
    where: key === '' ? context.path : `${context.path}.${key}`,
  });
}

/**
 * Thrown where the length of the run is asked for while it is being worked out, as when a batch size in examples has no
 * length of its own.
 */
export class DependsOnLater extends FedtempoError {}

/** Thrown where the length of the run follows from data that have not been opened. Such checks wait until they are. */
export class TotalsUnknown extends FedtempoError {}

/** `context.total()` where it can be known, for checks that can do without. */
export function knownTotal(context: Pick<KindContext, 'total'>): number | undefined {
  try {
    return context.total();
  } catch (error) {
    if (error instanceof DependsOnLater) return undefined;
    throw error;
  }
}

/** Parameters that several kinds share. */
export const fields = {
  start: z.number().nonnegative().describe('The value at t = 0.'),
  end: z.number().nonnegative().describe('The value at t = n, kept afterwards.'),
  length: z
    .int()
    .min(1)
    .optional()
    .describe('n: positions from start to end, in the unit of the schedule; the whole run if left out.'),
  power: z.number().positive().max(100),
};

/** Refuses lists of positions that do not rise. */
export function refuseUnsorted(context: KindContext, key: string, positions: readonly number[]): void {
  const at = positions.findIndex((position, index) => index > 0 && position <= positions[index - 1]);
  if (at < 0) return;
  throw invalid(context, `${key}.${at}`, `${key} must rise`, {
    found: `${positions[at]} after ${positions[at - 1]}`,
    expected: 'positions in rising order, each once',
    fix: `sort ${key} and write each position once`,
  });
}

/** Positions in a sorted list that are not after t. */
export function reachedOf(positions: readonly number[], t: number): number {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}
