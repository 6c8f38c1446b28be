/**
 * A schedule that counts steps, as it travels to a client: everything that its values inside one round follow from. The
 * server owns the schedule; a client only runs along it, from the offset that the plan states. Plain JSON.
 */
import { createCurve } from './create.js';
import type { HyperparameterValues } from './hyperparameters.js';
import type { ScheduleSpec } from './kind.js';
import { type HyperparameterName, hyperparameters, inRange, settle } from './names.js';
import type { RunPlan } from './run-plan.js';
import { makeProgress, positionIn, type Totals, totalIn } from './schedule.js';

export interface StepSchedule {
  readonly name: HyperparameterName;
  readonly spec: ScheduleSpec;
  readonly round: number;
  /** Planned steps of all rounds before this one: the position of local step 0. */
  readonly offset: number;
  readonly examplesSeen: number;
  readonly totals: Totals;
  /** Values of this round that the schedule may follow; a full batch is the mean shard here. */
  readonly values: HyperparameterValues;
}

/** What a client needs of a schedule that counts steps, for one round. */
export function stepSchedule(plan: RunPlan, name: HyperparameterName, round: number): StepSchedule {
  const { step, examplesSeen } = plan.progressAt(round);
  const { rounds, steps, examples } = plan.totals;
  const { batchSize = 'full', ...values } = plan.values(round);
  return {
    name,
    spec: plan.resolver.specOf(name) as ScheduleSpec,
    round,
    offset: step,
    examplesSeen,
    totals: { rounds, steps, examples },
    values: { ...values, batchSize: batchSize === 'full' ? plan.meanShard() : batchSize },
  };
}

/** The values along the local steps of the round, from 0; the same as `RunPlan.along` gives. */
export function alongSteps({ name, spec, round, offset, examplesSeen, totals, values }: StepSchedule) {
  const unit = (typeof spec === 'object' ? spec.unit : undefined) ?? 'round';
  const progressAt = (step: number) => makeProgress({ round, step, examplesSeen }, totals);
  const curve = createCurve(spec, {
    unit,
    path: `schedules.${name}`,
    total: () => totalIn(unit, totals),
    reference: (other) => () => values[other] as number,
    specOf: () => undefined,
    progressAt,
  });
  const rule = hyperparameters[name];
  return (localStep: number): number => {
    const progress = progressAt(offset + localStep);
    const value = curve(positionIn(unit, progress), progress);
    // The server has checked the planned steps; a client with a longer shard goes further along the same curve.
    return inRange(rule, value) ? settle(rule, value) : Number.NaN;
  };
}
