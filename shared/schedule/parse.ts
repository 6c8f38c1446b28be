/** A schedule on its own, outside a scenario: validated by the schema, then made. */
import { FedtempoError } from '../errors.js';
import { type CurveContext, createCurve, movingKindSchema } from './create.js';
import type { ScheduleSpec } from './kind.js';
import { makeProgress, positionIn, type Schedule, type Totals, totalIn } from './schedule.js';

/**
 * The spec with defaults filled in.
 *
 * @param path what errors call it, such as `schedules.learningRate`
 * @param schema which units it may count
 * @throws FedtempoError SCHEDULE_INVALID
 */
export function parseSchedule(spec: unknown, path: string, schema = movingKindSchema): ScheduleSpec {
  if (typeof spec === 'number' && Number.isFinite(spec) && spec >= 0) return spec;
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FedtempoError('SCHEDULE_INVALID', 'a schedule is not as expected', {
    where: [path, ...issue.path].join('.'),
    found: JSON.stringify(spec) ?? String(spec),
    expected: issue.message,
    fix: 'docs/schedules.md lists the keys of each kind',
  });
}

/**
 * Makes a schedule that stands alone: it refers to no other hyperparameter.
 *
 * @throws FedtempoError SCHEDULE_INVALID
 */
export function createSchedule(spec: unknown, totals: Totals, path = 'schedule'): Schedule {
  const parsed = parseSchedule(spec, path);
  const unit = (typeof parsed === 'object' ? parsed.unit : undefined) ?? 'round';
  const alone = (): never => {
    throw new FedtempoError('SCHEDULE_INVALID', 'a schedule on its own cannot follow another hyperparameter', {
      where: path,
      expected: 'a scenario with both',
    });
  };
  const context: CurveContext = {
    unit,
    total: () => totalIn(unit, totals),
    path,
    reference: alone,
    specOf: alone,
    progressAt: (t) => makeProgress({ round: t, step: t, examplesSeen: t }, totals),
  };
  const curve = createCurve(parsed, context);
  return { unit, at: (progress) => curve(positionIn(unit, progress), progress) };
}
