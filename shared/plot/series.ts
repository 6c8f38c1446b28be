/** What a picture of a run shows: one series for each hyperparameter, over rounds. */
import { spread } from '../schedule/check.js';
import { type HyperparameterName, hyperparameterNames, hyperparameters } from '../schedule/names.js';
import type { RunPlan } from '../schedule/run-plan.js';

export interface Series {
  readonly title: string;
  /** Letter and unit, such as `η`. */
  readonly symbol: string;
  /** Rising; in rounds. A round r covers r..r + 1. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Each value holds until the next x; otherwise values are joined by lines. */
  readonly held: boolean;
  /** Where the last value ends. */
  readonly end: number;
}

export interface Pictured {
  readonly rounds: number;
  /** Values that change; all of them if none does. */
  readonly changing: readonly Series[];
  /** Values that do not, as text: `batch size 10`. */
  readonly constant: readonly string[];
}

/** Positions that a series has at most. */
const MAX_POINTS = 1200;

/** Every scheduled value over the run. */
export function picture(plan: RunPlan): Pictured {
  const { rounds } = plan.totals;
  const changing: Series[] = [];
  const flat: Series[] = [];
  const constant: string[] = [];
  for (const name of hyperparameterNames.filter((each) => plan.resolver.names.includes(each))) {
    const { title } = hyperparameters[name];
    const series = plan.resolver.unitOf(name) === 'step' ? alongSteps(plan, name) : byRound(plan, name);
    if (series === 'full') constant.push(`${title} full`);
    else if (series.y.some((value) => value !== series.y[0])) changing.push(series);
    else {
      flat.push(series);
      constant.push(`${title} ${label(series.y[0])}`);
    }
  }
  // A run in which nothing changes has a picture all the same.
  return changing.length > 0 ? { rounds, changing, constant } : { rounds, changing: flat, constant: [] };
}

function byRound(plan: RunPlan, name: HyperparameterName): Series | 'full' {
  const x = spread(plan.totals.rounds, MAX_POINTS);
  const y = x.map((round) => plan.resolver.value(name, plan.progressAt(round)));
  if (y.some((value) => value === 'full')) return 'full';
  return { ...hyperparameters[name], x, y: y as number[], held: true, end: plan.totals.rounds };
}

/** A few points in each round, at least its first and last step. */
function alongSteps(plan: RunPlan, name: HyperparameterName): Series {
  const rounds = spread(plan.totals.rounds, MAX_POINTS);
  const most = Math.max(2, Math.floor(MAX_POINTS / rounds.length));
  const [x, y]: [number[], number[]] = [[], []];
  for (const round of rounds) {
    const steps = plan.stepsIn(round);
    const along = plan.along(name, round);
    for (const step of spread(steps, most)) {
      x.push(round + step / steps);
      y.push(along(step) as number);
    }
  }
  return { ...hyperparameters[name], x, y, held: false, end: plan.totals.rounds };
}

/** Four significant digits, as people write them. */
export function label(value: number): string {
  const short = Number(value.toPrecision(4));
  const size = Math.abs(short);
  if (short !== 0 && (size < 1e-4 || size >= 1e6)) return short.toExponential().replace('e+', 'e');
  return String(short);
}

/** The value that a series has at x. */
export function valueAt({ x, y, held }: Series, at: number): number {
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (x[middle] <= at) low = middle;
    else high = middle - 1;
  }
  if (held || low === x.length - 1) return y[low];
  return y[low] + ((y[low + 1] - y[low]) * (at - x[low])) / (x[low + 1] - x[low]);
}
