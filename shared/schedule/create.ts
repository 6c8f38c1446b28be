/** All kinds of schedule, in one table: adding a kind is one file in `kinds/` and one line here. */
import { z } from 'zod';
import { constant } from './kinds/constant.js';
import { linear } from './kinds/linear.js';
import { polynomial } from './kinds/polynomial.js';
import { step } from './kinds/step.js';
import type { Schedule } from './schedule.js';

/** A schedule by its kind. */
export const scheduleKindSchema = z.discriminatedUnion('kind', [
  constant.schema,
  linear.schema,
  polynomial.schema,
  step.schema,
]);

/** A number, or a schedule by its kind. */
export const scheduleSchema = z.union([z.number().nonnegative(), scheduleKindSchema]);
export type ScheduleSpec = z.output<typeof scheduleSchema>;

/** Makes the schedule of a spec. @param totalRounds T */
export function createSchedule(spec: ScheduleSpec, totalRounds: number): Schedule {
  if (typeof spec === 'number') return constant.create({ kind: 'constant', value: spec }, totalRounds);
  switch (spec.kind) {
    case 'constant':
      return constant.create(spec, totalRounds);
    case 'linear':
      return linear.create(spec, totalRounds);
    case 'polynomial':
      return polynomial.create(spec, totalRounds);
    case 'step':
      return step.create(spec, totalRounds);
  }
}
