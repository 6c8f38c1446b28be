/** All kinds of schedule, in one table: adding a kind is one file in `kinds/` and one line here. */
import { z } from 'zod';
import { FedtempoError } from '../errors.js';
import type { KindContext, KindSpec, ScheduleKind, ScheduleSpec } from './kind.js';
import { linearScaling, sqrtScaling } from './kinds/batch-scaling.js';
import { clamp } from './kinds/clamp.js';
import { constant } from './kinds/constant.js';
import { cosine } from './kinds/cosine.js';
import { cyclic } from './kinds/cyclic.js';
import { exponential } from './kinds/exponential.js';
import { formula } from './kinds/formula.js';
import { fromLearningRate, growBatchInsteadOfDecay, seesaw } from './kinds/grow-batch.js';
import { inverseSqrt } from './kinds/inverse-sqrt.js';
import { inverseTime } from './kinds/inverse-time.js';
import { join } from './kinds/join.js';
import { linear } from './kinds/linear.js';
import { multiStep } from './kinds/multi-step.js';
import { oneCycle } from './kinds/one-cycle.js';
import { piecewise } from './kinds/piecewise.js';
import { polynomial } from './kinds/polynomial.js';
import { product } from './kinds/product.js';
import { qsr } from './kinds/qsr.js';
import { scale } from './kinds/scale.js';
import { step } from './kinds/step.js';
import { table } from './kinds/table.js';
import { warmup } from './kinds/warmup.js';
import { wsd } from './kinds/wsd.js';
import { type Curve, type Unit, units } from './schedule.js';

export type { KindSpec, ScheduleSpec } from './kind.js';

/** A schedule inside another one: it counts in the unit of the outermost, so it has none of its own. */
const nested: z.ZodType<ScheduleSpec> = z.lazy(() => nestedSchema);

const kinds: readonly ScheduleKind<never>[] = [
  constant,
  linear,
  polynomial,
  exponential,
  step,
  multiStep,
  piecewise,
  inverseTime,
  inverseSqrt,
  cosine,
  warmup(nested),
  oneCycle,
  cyclic,
  wsd,
  table,
  join(nested),
  scale(nested),
  clamp(nested),
  product(nested),
  formula,
  linearScaling(nested),
  sqrtScaling(nested),
  growBatchInsteadOfDecay(nested),
  seesaw(nested),
  fromLearningRate,
  qsr,
] as unknown as readonly ScheduleKind<never>[];

type AnyShape = z.ZodObject<{ kind: z.ZodLiteral<string> }>;
const shapes = kinds.map(({ schema }) => schema as unknown as AnyShape) as [AnyShape, ...AnyShape[]];
const byName = new Map(kinds.map((kind, index) => [shapes[index].shape.kind.value, kind]));

/** The kinds there are, in the order of the documentation. */
export const scheduleKinds: readonly string[] = [...byName.keys()];

const number = z.number().nonnegative();

const nestedSchema: z.ZodType<ScheduleSpec> = z
  .union([number, z.discriminatedUnion('kind', shapes)])
  .meta({ id: 'schedule' }) as unknown as z.ZodType<ScheduleSpec>;

function outermost<Allowed extends readonly Unit[]>(allowed: Allowed, id: string): z.ZodType<KindSpec> {
  const unit = z.enum(allowed).optional().describe('What t counts. Default: round. A step moves on inside the round.');
  const options = shapes.map((shape) => shape.extend({ unit })) as unknown as [AnyShape, ...AnyShape[]];
  return z.discriminatedUnion('kind', options).meta({ id }) as unknown as z.ZodType<KindSpec>;
}

/** A schedule by its kind whose value may move within a round, and one whose value holds. */
export const movingKindSchema = outermost(units, 'movingSchedule');
export const heldKindSchema = outermost(['round', 'examples'], 'heldSchedule');

/** The other hyperparameters that a spec's value follows from, however deep they are named. */
export function referencesOf(spec: ScheduleSpec | 'full'): string[] {
  if (typeof spec !== 'object') return [];
  const inner = Object.values(spec).flatMap((value) => (Array.isArray(value) ? value : [value]));
  const specs = inner.filter((value): value is KindSpec => typeof value === 'object' && value !== null);
  return [...(byName.get(spec.kind)?.refersTo ?? []), ...specs.flatMap(referencesOf)];
}

/** Everything of a context but the nesting, which `createCurve` adds. */
export type CurveContext = Omit<KindContext, 'nested'>;

/**
 * Makes the curve of a spec that its schema let through.
 *
 * @throws FedtempoError SCHEDULE_INVALID where parameters cannot work together
 */
export function createCurve(spec: ScheduleSpec, context: CurveContext): Curve {
  const { unit: _, ...parameters }: KindSpec = typeof spec === 'number' ? { kind: 'constant', value: spec } : spec;
  const found = byName.get(parameters.kind);
  if (found === undefined) {
    throw new FedtempoError('SCHEDULE_INVALID', 'unknown kind of schedule', {
      where: `${context.path}.kind`,
      found: String(parameters.kind),
      expected: scheduleKinds.join(', '),
    });
  }
  return found.create(parameters as never, {
    ...context,
    nested: (inner, key, total = context.total) =>
      createCurve(inner, { ...context, path: `${context.path}.${key}`, total }),
  });
}
