/** Curves of an arm: the mean over its trials at each round, with its interval, against three ways to count progress. */
import { type TrialRound, totalsOf } from './measures.js';
import { type Interval, meanInterval } from './statistics.js';

/** One round of one quantity, over the trials that have it. */
export interface CurvePoint {
  /** Rounds done, and the mean over trials of what had been used by then. */
  readonly rounds: number;
  readonly examples: number;
  readonly steps: number;
  readonly value: Interval;
}

export const progressUnits = ['rounds', 'examples', 'steps'] as const;
export type ProgressUnit = (typeof progressUnits)[number];

/** What a round costs or yields; every other number of a record is a scheduled value. */
const OUTCOMES = new Set([
  ...['round', 'replies', 'trainLoss', 'testLoss', 'testAccuracy', 'examples', 'steps', 'bytesDown', 'bytesUp'],
  ...['totalExamples', 'totalSteps', 'totalBytes', 'cumulativeExamples', 'cumulativeSteps', 'cumulativeBytes'],
  ...['simulatedSeconds', 'simulatedJoules', 'simulatedBytes', 'meanStaleness'],
]);

/**
 * The mean of `field` at each round where any trial has a number in it.
 *
 * Intervals are Student's, round by round: a band holds each of its points 95 % of the time, not all at once.
 *
 * @param trials the rounds of each trial
 */
export function curveOf(trials: readonly (readonly TrialRound[])[], field: string): CurvePoint[] {
  const totals = trials.map((rounds) => totalsOf(rounds, 0));
  const length = Math.max(0, ...trials.map((rounds) => rounds.length));
  return Array.from({ length }, (_, round) => round).flatMap((round) => {
    const having = trials.flatMap((rounds, trial) => {
      const value = rounds[round]?.[field];
      return typeof value === 'number' ? [{ value, ...totals[trial][round] }] : [];
    });
    const value = meanInterval(having.map((point) => point.value));
    if (value === null) return [];
    const average = (unit: 'examples' | 'steps') => having.reduce((sum, point) => sum + point[unit], 0) / having.length;
    return [{ rounds: round + 1, examples: average('examples'), steps: average('steps'), value }];
  });
}

/**
 * The scheduled values worth a picture: numbers of the records that change over rounds or differ between arms.
 *
 * @param arms of each arm its trials' rounds
 */
export function scheduledFields(arms: readonly (readonly (readonly TrialRound[])[])[]): string[] {
  const seen = new Map<string, Set<unknown>>();
  for (const rounds of arms.flat()) {
    for (const [field, value] of rounds.flatMap((round) => Object.entries(round))) {
      if (typeof value !== 'number' || OUTCOMES.has(field)) continue;
      const values = seen.get(field) ?? new Set();
      seen.set(field, values.add(value));
    }
  }
  return [...seen].filter(([, values]) => values.size > 1).map(([field]) => field);
}
