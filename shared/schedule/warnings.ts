/**
 * Known traps, each a line, told once before a run. Nothing here is wrong in itself, so nothing is refused.
 *
 * The SGD noise scale is about η·N/B: with rate and batch that decay by powers β and β' it goes as (1 − t/T)^(β − β'),
 * so that equal powers anneal nothing (Smith et al. 2018).
 */
import type { HyperparameterSpecs } from './hyperparameters.js';
import type { KindSpec, ScheduleSpec } from './kind.js';
import { TotalsUnknown } from './kind.js';
import { type HyperparameterName, hyperparameters } from './names.js';
import { planRun, type RunPlan, type RunShape } from './run-plan.js';
import { totalIn } from './schedule.js';

/** Values that do nothing at 0, where one that gets there early is likely a slip. */
const USELESS_AT_ZERO: readonly HyperparameterName[] = ['learningRate', 'serverLearningRate'];

/** Share of the shards above which a batch counts as larger than most. */
const MOST = 0.5;

/** @param shardSizes n_k of the clients; left out before the data are open */
export function warningsOf(specs: HyperparameterSpecs, shape: RunShape, shardSizes?: readonly number[]): string[] {
  const plan = planRun(specs, shape);
  return [
    ...equalPowers(specs),
    ...plan.resolver.names.flatMap((name) => ignoringUnknown(() => reachesZero(plan, name))),
    ...plan.resolver.names.flatMap((name) => ignoringUnknown(() => longWarmup(plan, name))),
    ...(shardSizes === undefined ? [] : ignoringUnknown(() => largeBatch(plan, shardSizes))),
  ];
}

function ignoringUnknown(work: () => string[]): string[] {
  try {
    return work();
  } catch (error) {
    if (error instanceof TotalsUnknown) return [];
    throw error;
  }
}

/** β of a decay to 0 over the run by a power, or nothing. */
function decayPower(spec: ScheduleSpec | 'full' | undefined): number | undefined {
  if (typeof spec !== 'object' || Number(spec.end ?? 0) !== 0 || spec.length !== undefined) return undefined;
  if (spec.kind === 'linear') return 1;
  return spec.kind === 'polynomial' ? Number(spec.power ?? 1) : undefined;
}

function equalPowers({ learningRate, batchSize }: HyperparameterSpecs): string[] {
  const power = decayPower(learningRate);
  if (power === undefined || power !== decayPower(batchSize)) return [];
  return [
    `learning rate and batch size both decay by the power ${power}: their ratio, the noise scale of SGD, stays as it is and nothing is annealed`,
  ];
}

function reachesZero(plan: RunPlan, name: HyperparameterName): string[] {
  if (!USELESS_AT_ZERO.includes(name)) return [];
  const last = plan.totals.rounds - 1;
  const zeroAt = (round: number) => plan.resolver.value(name, plan.progressAt(round)) === 0;
  if (!zeroAt(last)) return [];
  // The first round of the zeros that the run ends with.
  let first = last;
  while (first > 0 && zeroAt(first - 1)) first -= 1;
  const { title } = hyperparameters[name];
  return [
    `the ${title} is 0 from round ${first} on: the last ${last - first + 1} of ${last + 1} rounds change nothing`,
  ];
}

function longWarmup(plan: RunPlan, name: HyperparameterName): string[] {
  const spec = plan.resolver.specOf(name);
  const total = totalIn(plan.resolver.unitOf(name), plan.totals);
  return warmupsIn(spec)
    .filter((positions) => positions >= total)
    .map(
      (positions) =>
        `the warm-up of the ${hyperparameters[name].title} takes ${positions} of ${total} positions: the run ends before it`,
    );
}

/** Positions of every rise in a spec that may exceed the run: a warm-up of the kind `warmup` that does is refused. */
function warmupsIn(spec: unknown): number[] {
  if (typeof spec !== 'object' || spec === null) return [];
  const { kind, warmup = 0, rise = 0, length = 0, ...rest } = spec as KindSpec;
  const own = kind === 'wsd' ? [Number(warmup)] : kind === 'oneCycle' ? [Math.ceil(Number(rise) * Number(length))] : [];
  return [
    ...own,
    ...Object.values(rest).flatMap((inner) => (Array.isArray(inner) ? inner.flatMap(warmupsIn) : warmupsIn(inner))),
  ];
}

function largeBatch(plan: RunPlan, shardSizes: readonly number[]): string[] {
  if (!plan.resolver.names.includes('batchSize')) return [];
  const sorted = [...shardSizes].sort((a, b) => a - b);
  const middle = sorted[Math.floor(MOST * (sorted.length - 1))];
  const over = Array.from({ length: plan.totals.rounds }, (_, round) => plan.values(round).batchSize).map((batch) =>
    batch !== 'full' && batch !== undefined && batch > middle ? batch : 0,
  );
  const rounds = over.filter((batch) => batch > 0).length;
  if (rounds === 0) return [];
  const first = over.findIndex((batch) => batch > 0);
  return [
    `the batch size is ${over[first]} in round ${first}, more than most shards hold (the middle one ${middle}): such clients use their whole shard, in ${rounds} of ${over.length} rounds`,
  ];
}
