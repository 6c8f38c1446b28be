/** Every arm of a study for every seed, each resolved as `fedtempo run` would resolve it. */
import { FedtempoError } from '../errors.js';
import { loadScenarios } from '../scenario/load.js';
import type { Scenario } from '../scenario/scenario.js';
import { DEFAULT_LAST_ROUNDS } from './schema.js';
import type { Arm, LoadedStudy, Study, Target } from './study.js';

export interface Trial {
  readonly arm: string;
  readonly seed: number;
  /** `path=value` texts: what the arm changes, and that the run goes on to its last round. */
  readonly overrides: readonly string[];
  readonly scenario: Scenario;
}

export interface PlannedStudy {
  /** Seed by seed, the arms of a study in their order: what has run by then can be compared. */
  readonly trials: readonly Trial[];
  readonly target: Target | undefined;
  readonly lastRounds: number;
}

/**
 * @param text of the base scenario
 * @param file its name, for errors
 * @throws FedtempoError with the first mistake in full and a line for the first one of each further arm
 */
export function planTrials({ study, locate }: LoadedStudy, text: string, file: string): PlannedStudy {
  const [{ scenario: base }] = loadScenarios(text, file, ['variants={}']);
  const errors: FedtempoError[] = [];
  const ofArms = study.arms.map((arm, index) => {
    const overrides = [...Object.entries(arm.set).map(([path, value]) => `${path}=${JSON.stringify(value)}`), ...ALL];
    try {
      return study.seeds.map((seed): Trial => {
        const [{ scenario }] = loadScenarios(text, file, [...overrides, `seed=${seed}`]);
        return { arm: arm.name, seed, overrides, scenario };
      });
    } catch (error) {
      if (!(error instanceof FedtempoError)) throw error;
      errors.push(inArm(error, arm, (path) => locate(['arms', index, 'set', path])));
      return [];
    }
  });
  throwAll(errors);
  const trials = study.seeds.flatMap((_, index) => ofArms.map((trialsOfArm) => trialsOfArm[index]));
  return { trials, target: targetOf(study, base), lastRounds: lastRoundsOf(study, trials, locate(['lastRounds'])) };
}

/** Trials end after their last round, whatever the scenario's target; its variants are no arms. */
const ALL = ['variants={}', 'stop={}'];

/** One error for several: the first in full, a line for each of the others. */
export function throwAll(errors: readonly FedtempoError[]): void {
  if (errors.length === 0) return;
  const [{ code, summary, details }, ...others] = errors;
  const also = others.map(({ summary, details }) => {
    const [expected] = (details.expected ?? '').split('\n');
    return `\n  also:     ${details.where}: ${summary}: ${details.found}; expected ${expected}`;
  });
  throw new FedtempoError(code, summary, { ...details, expected: (details.expected ?? '') + also.join('') });
}

/** The same error, at the line of the study file on which the arm sets the value. */
export function inArm(error: FedtempoError, arm: Arm, locate: (path: string) => string): FedtempoError {
  const paths = Object.keys(arm.set);
  const relocate = (text: string) =>
    text.replace(/--set ([\w.]+)/g, (_, path: string) => {
      const key = paths.find((candidate) => path === candidate || path.startsWith(`${candidate}.`));
      return key === undefined ? path : locate(key) + path.slice(key.length);
    });
  const { where = 'the scenario', expected, ...rest } = error.details;
  const place = where.startsWith('--set ') ? relocate(where) : `${where} (in arm ${arm.name})`;
  const details = { ...rest, where: place, ...(expected === undefined ? {} : { expected: relocate(expected) }) };
  return new FedtempoError(error.code, error.summary, details, error);
}

function targetOf(study: Study, base: Scenario): Target | undefined {
  const target = study.target ?? base.stop;
  return target.testAccuracy === undefined && target.testLoss === undefined ? undefined : target;
}

function lastRoundsOf(study: Study, trials: readonly Trial[], where: string): number {
  const fewest = Math.min(...trials.map(({ scenario }) => scenario.federation.rounds));
  if (study.lastRounds === undefined) return Math.min(DEFAULT_LAST_ROUNDS, fewest);
  if (study.lastRounds <= fewest) return study.lastRounds;
  throw new FedtempoError('STUDY_CONTRADICTION', 'the spread is asked over more rounds than there are', {
    where,
    found: `lastRounds: ${study.lastRounds}`,
    expected: `at most ${fewest}, the rounds of the shortest arm`,
    fix: 'lower lastRounds or raise federation.rounds',
  });
}
