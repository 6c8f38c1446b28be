/**
 * The scheduled hyperparameters of a run, made together since some follow others: a rate that scales with the batch,
 * local steps that grow as the rate falls. Values are looked up by name at any progress; nothing is remembered between
 * look-ups, so every round has its values whoever asks and in whatever order.
 */
import { FedtempoError } from '../errors.js';
import { createCurve, heldKindSchema, movingKindSchema, referencesOf } from './create.js';
import type { ScheduleSpec } from './kind.js';
import { type HyperparameterName, hyperparameterNames, hyperparameters, inRange, rangeText, settle } from './names.js';
import { parseSchedule } from './parse.js';
import { type Curve, type Progress, positionIn, type Totals, totalIn, type Unit } from './schedule.js';

/** What drives each hyperparameter; those left out are not scheduled and have no value. */
export type HyperparameterSpecs = {
  readonly [name in HyperparameterName]?: ScheduleSpec | undefined;
} & { readonly batchSize?: ScheduleSpec | 'full' | undefined };

/** The value of each scheduled hyperparameter, rounded and clamped. */
export type HyperparameterValues = {
  readonly [name in Exclude<HyperparameterName, 'batchSize'>]?: number;
} & { readonly batchSize?: number | 'full' };

export interface Resolver {
  /** The scheduled names, in the order of the table. */
  readonly names: readonly HyperparameterName[];
  unitOf(name: HyperparameterName): Unit;
  /** The spec with its defaults filled in. */
  specOf(name: HyperparameterName): ScheduleSpec | 'full' | undefined;
  /**
   * A value as it is used.
   *
   * @throws FedtempoError SCHEDULE_INVALID where a real value leaves its range
   */
  value(name: HyperparameterName, progress: Progress): number | 'full';
  values(progress: Progress): HyperparameterValues;
  /** Makes the curve of a name without asking for a value: throws what its parameters have wrong. */
  make(name: HyperparameterName): void;
  /** The names whose curve or value is being worked out, outermost first. */
  readonly pending: readonly HyperparameterName[];
}

/** What a resolver knows of the run. All are read only where needed. */
export interface ResolverContext {
  readonly totals: Totals;
  /** n/C: what a batch size `full` stands for where another value follows it. */
  readonly meanShard: number;
  /** The most clients that a cohort can have. */
  readonly population: number;
  /** Progress at position t of a unit. */
  progressAt(unit: Unit, t: number): Progress;
}

/**
 * @param given what a person may write: defaults are filled in
 * @throws FedtempoError SCHEDULE_INVALID for schedules that refer to each other in a circle, or to one that is not there
 */
export function createResolver(given: HyperparameterSpecs, context: ResolverContext): Resolver {
  const names = hyperparameterNames.filter((name) => given[name] !== undefined);
  const specs: HyperparameterSpecs = Object.fromEntries(names.map((name) => [name, parsed(name, given[name])]));
  refuseCircles(specs);
  const curves = new Map<HyperparameterName, Curve>();
  const pending: HyperparameterName[] = [];

  const unitOf = (name: HyperparameterName): Unit => {
    const spec = specs[name];
    return (typeof spec === 'object' ? spec.unit : undefined) ?? 'round';
  };

  function within<T>(name: HyperparameterName, work: () => T): T {
    pending.push(name);
    try {
      return work();
    } finally {
      pending.pop();
    }
  }

  function curveOf(name: HyperparameterName): Curve {
    const known = curves.get(name);
    if (known !== undefined) return known;
    const unit = unitOf(name);
    const curve = createCurve(specs[name] as ScheduleSpec, {
      unit,
      path: `schedules.${name}`,
      total: () => totalIn(unit, context.totals),
      reference: (other) => (progress) => {
        const value = resolver.value(other, progress);
        return value === 'full' ? context.meanShard : value;
      },
      specOf: (other) => specs[other],
      progressAt: (t) => context.progressAt(unit, t),
    });
    curves.set(name, curve);
    return curve;
  }

  function settledValue(name: HyperparameterName, progress: Progress): number {
    const value = curveOf(name)(positionIn(unitOf(name), progress), progress);
    const rule = hyperparameters[name];
    if (!inRange(rule, value)) throw outOfRange(name, value, progress);
    const settled = settle(rule, value);
    return name === 'cohortSize' ? Math.min(settled, context.population) : settled;
  }

  const resolver: Resolver = {
    names,
    pending,
    unitOf,
    specOf: (name) => specs[name],
    value: (name, progress) => (specs[name] === 'full' ? 'full' : within(name, () => settledValue(name, progress))),
    values: (progress) =>
      Object.freeze(Object.fromEntries(names.map((name) => [name, resolver.value(name, progress)]))),
    make: (name) => {
      if (specs[name] !== 'full') within(name, () => curveOf(name));
    },
  };
  return resolver;
}

function parsed(name: HyperparameterName, spec: unknown): ScheduleSpec | 'full' {
  if (name === 'batchSize' && spec === 'full') return spec;
  const moves = (hyperparameters[name].units as readonly Unit[]).includes('step');
  return parseSchedule(spec, `schedules.${name}`, moves ? movingKindSchema : heldKindSchema);
}

function outOfRange(name: HyperparameterName, value: number, progress: Progress): FedtempoError {
  return new FedtempoError('SCHEDULE_INVALID', 'the schedule leaves the range of its hyperparameter', {
    where: `schedules.${name}`,
    found: `${value} in round ${progress.round}`,
    expected: Number.isFinite(value) ? rangeText(hyperparameters[name]) : 'a finite number',
    fix: 'change the schedule, or put clamp around it',
  });
}

function refuseCircles(specs: HyperparameterSpecs): void {
  const visit = (name: HyperparameterName, trail: readonly HyperparameterName[]): void => {
    const spec = specs[name];
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' → ');
      throw new FedtempoError('SCHEDULE_INVALID', 'schedules follow each other in a circle', {
        where: `schedules.${name}`,
        found: circle,
        expected: 'one of them that follows no other',
        fix: 'give one of them a number or a schedule of its own',
      });
    }
    if (spec === undefined) {
      throw new FedtempoError('SCHEDULE_INVALID', `a schedule follows ${name}, which is not scheduled`, {
        where: `schedules.${trail[trail.length - 1]}`,
        found: `no schedules.${name}`,
        expected: `a number or a schedule for ${name}`,
        fix: `add schedules.${name}`,
      });
    }
    for (const next of referencesOf(spec)) visit(next as HyperparameterName, [...trail, name]);
  };
  for (const name of hyperparameterNames) if (specs[name] !== undefined) visit(name, []);
}
