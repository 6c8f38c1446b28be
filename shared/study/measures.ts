/** What is measured of one trial: from its recorded rounds to one number a measure. */
import { standardDeviation } from './statistics.js';
import type { Target } from './study.js';

/** What a study reads of a line of rounds.jsonl. */
export interface TrialRound {
  readonly round: number;
  readonly cohort: readonly number[];
  readonly replies: number;
  readonly trainLoss: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  readonly examples: number;
  readonly steps: number;
  /** Virtual clock, energy and bytes so far; null without a device model. */
  readonly simulatedSeconds?: number | null;
  readonly simulatedJoules?: number | null;
  readonly simulatedBytes?: number | null;
  /** Scheduled values and whatever else is recorded. */
  readonly [field: string]: unknown;
}

export type Unit = 'count' | 'bytes' | 'loss' | 'share' | 'seconds' | 'joules';

/** Every measure, in the order of tables. `toTarget` ones are null in a trial that did not reach the target. */
export const measures = {
  finalTestLoss: { label: 'final test loss', unit: 'loss', toTarget: false },
  finalTestAccuracy: { label: 'final test accuracy', unit: 'share', toTarget: false },
  bestTestAccuracy: { label: 'best test accuracy', unit: 'share', toTarget: false },
  finalTrainLoss: { label: 'final training loss', unit: 'loss', toTarget: false },
  spreadTestLoss: { label: 'spread of the test loss', unit: 'loss', toTarget: false },
  spreadTestAccuracy: { label: 'spread of the test accuracy', unit: 'share', toTarget: false },
  roundsToTarget: { label: 'rounds to target', unit: 'count', toTarget: true },
  examplesToTarget: { label: 'examples to target', unit: 'count', toTarget: true },
  stepsToTarget: { label: 'local steps to target', unit: 'count', toTarget: true },
  bytesToTarget: { label: 'bytes to target', unit: 'bytes', toTarget: true },
  simulatedSecondsToTarget: { label: 'simulated time to target', unit: 'seconds', toTarget: true },
  simulatedJoulesToTarget: { label: 'simulated energy to target', unit: 'joules', toTarget: true },
  simulatedBytesToTarget: { label: 'simulated bytes to target', unit: 'bytes', toTarget: true },
  examples: { label: 'examples in all', unit: 'count', toTarget: false },
  steps: { label: 'local steps in all', unit: 'count', toTarget: false },
  bytes: { label: 'bytes in all', unit: 'bytes', toTarget: false },
} as const satisfies Record<string, { label: string; unit: Unit; toTarget: boolean }>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as MeasureName[];

export interface MeasureOptions {
  readonly target: Target | undefined;
  /** Rounds at the end over which the spread is taken. */
  readonly lastRounds: number;
  /** p of the model. */
  readonly parameters: number;
}

/** Running totals after each round; all three begin at the first round's own. */
export interface Totals {
  readonly examples: number;
  /** Local steps of all clients together. */
  readonly steps: number;
  /** Weights sent and updates received, 4p bytes each; headers are not counted. */
  readonly bytes: number;
}

export function totalsOf(rounds: readonly TrialRound[], parameters: number): Totals[] {
  let [examples, steps, bytes] = [0, 0, 0];
  return rounds.map((round) => {
    examples += round.examples;
    steps += round.steps;
    bytes += 4 * parameters * (round.cohort.length + round.replies);
    return { examples, steps, bytes };
  });
}

/**
 * The measures of one trial.
 *
 * Spread: the standard deviation (n − 1) of the evaluated rounds among the last `lastRounds`, of one trial; it says how
 * restless the global model is at its end, not how seeds differ.
 */
export function measureTrial(
  rounds: readonly TrialRound[],
  { target, lastRounds, parameters }: MeasureOptions,
): Record<MeasureName, number | null> {
  const totals = totalsOf(rounds, parameters);
  const accuracies = present(rounds.map(({ testAccuracy }) => testAccuracy));
  const losses = present(rounds.map(({ testLoss }) => testLoss));
  const last = rounds.slice(-lastRounds);
  const reached = rounds.findIndex((round) => reaches(round, target));
  const all = totals.at(-1);
  const atTarget = totals[reached] as Totals | undefined;
  return {
    finalTestLoss: losses.at(-1) ?? null,
    finalTestAccuracy: accuracies.at(-1) ?? null,
    bestTestAccuracy: accuracies.length === 0 ? null : Math.max(...accuracies),
    finalTrainLoss: present(rounds.map(({ trainLoss }) => trainLoss)).at(-1) ?? null,
    spreadTestLoss: spread(last.map(({ testLoss }) => testLoss)),
    spreadTestAccuracy: spread(last.map(({ testAccuracy }) => testAccuracy)),
    roundsToTarget: reached < 0 ? null : reached + 1,
    examplesToTarget: atTarget?.examples ?? null,
    stepsToTarget: atTarget?.steps ?? null,
    bytesToTarget: atTarget?.bytes ?? null,
    simulatedSecondsToTarget: rounds[reached]?.simulatedSeconds ?? null,
    simulatedJoulesToTarget: rounds[reached]?.simulatedJoules ?? null,
    simulatedBytesToTarget: rounds[reached]?.simulatedBytes ?? null,
    examples: all?.examples ?? null,
    steps: all?.steps ?? null,
    bytes: all?.bytes ?? null,
  };
}

function reaches({ testAccuracy, testLoss }: TrialRound, target: Target | undefined): boolean {
  if (target?.testAccuracy !== undefined && testAccuracy !== null && testAccuracy >= target.testAccuracy) return true;
  return target?.testLoss !== undefined && testLoss !== null && testLoss <= target.testLoss;
}

function spread(values: readonly (number | null)[]): number | null {
  const known = present(values);
  return known.length < 2 ? null : standardDeviation(known);
}

function present(values: readonly (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null);
}
