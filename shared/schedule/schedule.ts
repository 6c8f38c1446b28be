/**
 * A schedule gives a hyperparameter its value as a run goes on. It is a pure function of progress: no hidden counter,
 * so round r has one value whoever asks, in whatever order, resumed or not.
 *
 * The boundary rule, one for all kinds: rounds are t = 0..T − 1; a schedule over n rounds has its start value at t = 0
 * and would have its end value at t = n, which it keeps from then on. A change "at" round m shows at t = m, not before.
 */

/** Where a run stands. Rounds and steps count from 0. */
export interface Progress {
  readonly round: number;
  /** T: the rounds that the scenario asks for, even if a target stops the run sooner. */
  readonly totalRounds: number;
}

export interface Schedule {
  /** What the schedule counts; one that counts rounds keeps its value within a round. */
  readonly unit: 'round';
  /** The value at `progress`: finite. */
  at(progress: Progress): number;
}
