/**
 * A schedule gives a hyperparameter its value as a run goes on. It is a pure function of progress: no hidden counter,
 * so round r has one value whoever asks, in whatever order, resumed or not.
 *
 * The boundary rule, one for all kinds. Positions are t = 0..T − 1, in the schedule's own unit. A schedule of length n
 * has its start value at t = 0 and its end value at t = n, which it keeps from then on; over a whole run the end value
 * itself is therefore approached and not used. A change "at m" shows at t = m, not before. A warm-up counts inside the
 * length: what follows it has n − w positions. A part of a `join` counts from its own boundary.
 */

/** What a schedule counts. One that counts rounds or examples keeps its value within a round. */
export const units = ['round', 'step', 'examples'] as const;
export type Unit = (typeof units)[number];

/**
 * Where a run stands: everything counts from 0 and is planned, not observed, so that it is the same in every pool.
 * A step is a local step of a client whose shard has the mean size n/C; examples are those of the whole federation.
 */
export interface Progress {
  readonly round: number;
  /** T: the rounds that the scenario asks for, even if a target stops the run sooner. */
  readonly totalRounds: number;
  /** Local steps of all rounds before this one, plus those done in this one. */
  readonly step: number;
  readonly totalSteps: number;
  /** Examples that the federation used in all rounds before this one, each counted once for each use. */
  readonly examplesSeen: number;
  readonly totalExamples: number;
}

/** The length of a run in each unit. Steps and examples may be getters: they are read only where needed. */
export interface Totals {
  readonly rounds: number;
  readonly steps: number;
  readonly examples: number;
}

/** The value at position t ≥ 0. Most curves look at t alone; formulas and coupled schedules look at progress. */
export type Curve = (t: number, progress: Progress) => number;

export interface Schedule {
  readonly unit: Unit;
  /** The value at `progress`: finite. */
  at(progress: Progress): number;
}

/** t: where `progress` stands in a unit. */
export function positionIn(unit: Unit, progress: Progress): number {
  switch (unit) {
    case 'round':
      return progress.round;
    case 'step':
      return progress.step;
    case 'examples':
      return progress.examplesSeen;
  }
}

/** T in a unit. */
export function totalIn(unit: Unit, totals: Totals): number {
  switch (unit) {
    case 'round':
      return totals.rounds;
    case 'step':
      return totals.steps;
    case 'examples':
      return totals.examples;
  }
}

/** Progress whose totals are read only when asked for. */
export function makeProgress(
  at: { readonly round: number; readonly step: number; readonly examplesSeen: number },
  totals: Totals,
): Progress {
  return {
    get round() {
      return at.round;
    },
    get step() {
      return at.step;
    },
    get examplesSeen() {
      return at.examplesSeen;
    },
    get totalRounds() {
      return totals.rounds;
    },
    get totalSteps() {
      return totals.steps;
    },
    get totalExamples() {
      return totals.examples;
    },
  };
}
