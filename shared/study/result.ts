/** The result of a study: of each arm every measure over seeds, with intervals and differences to the first arm. */
import type { Scenario } from '../scenario/scenario.js';
import { type MeasureName, measureNames, measureTrial, type TrialRound } from './measures.js';
import { type Interval, meanInterval, pairedDifference } from './statistics.js';
import type { Study, Target } from './study.js';
import type { PlannedStudy } from './trials.js';

/** How a trial ended: after its last round, diverged, or without a result. */
export type TrialOutcome = 'done' | 'diverged' | 'failed';

/** A trial that was run. */
export interface TrialRecord {
  readonly arm: string;
  readonly seed: number;
  readonly outcome: TrialOutcome;
  /** SHA-256 of the final weights; null if the trial failed. */
  readonly digest: string | null;
  readonly rounds: readonly TrialRound[];
  /** p of the model. */
  readonly parameters: number;
}

export interface MeasureResult {
  /** By seed; null in trials that did not reach the target, diverged or failed. */
  readonly values: readonly (number | null)[];
  readonly interval: Interval | null;
  /** This arm minus the first, paired by seed; null for the first. */
  readonly difference: Interval | null;
}

export interface ArmResult {
  readonly name: string;
  readonly label: string;
  readonly set: Readonly<Record<string, unknown>>;
  /** Rounds of a whole trial. */
  readonly rounds: number;
  readonly done: number;
  readonly diverged: number;
  readonly failed: number;
  /** Trials that reached the target; null without one. */
  readonly reached: number | null;
  readonly measures: Readonly<Record<MeasureName, MeasureResult>>;
}

/** What the trials of one seed have in common in all arms. */
export interface Pairing {
  readonly partition: boolean;
  readonly cohorts: boolean;
  readonly initialWeights: boolean;
}

export interface StudyResult {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly question: string | null;
  readonly scenario: string;
  readonly seeds: readonly number[];
  readonly target: Target | null;
  readonly lastRounds: number;
  readonly pairing: Pairing;
  readonly arms: readonly ArmResult[];
  readonly trials: readonly Omit<TrialRecord, 'rounds' | 'parameters'>[];
}

/** @param records of every trial, in any order */
export function resultOf(study: Study, plan: PlannedStudy, records: readonly TrialRecord[]): StudyResult {
  const { target, lastRounds } = plan;
  const find = (arm: string, seed: number) => records.find((record) => record.arm === arm && record.seed === seed);
  const valuesOf = (arm: string) =>
    study.seeds.map((seed) => {
      const record = find(arm, seed);
      if (record?.outcome !== 'done') return undefined;
      return measureTrial(record.rounds, { target, lastRounds, parameters: record.parameters });
    });
  const byArm = study.arms.map(({ name }) => valuesOf(name));
  const arms = study.arms.map((arm, index): ArmResult => {
    const count = (outcome: TrialOutcome) =>
      study.seeds.filter((seed) => (find(arm.name, seed)?.outcome ?? 'failed') === outcome).length;
    const measured = measureNames.map((name): [MeasureName, MeasureResult] => {
      const values = byArm[index].map((trial) => trial?.[name] ?? null);
      const control = byArm[0].map((trial) => trial?.[name] ?? null);
      const interval = meanInterval(values.filter((value) => value !== null));
      return [name, { values, interval, difference: index === 0 ? null : pairedDifference(values, control) }];
    });
    const results = Object.fromEntries(measured) as Record<MeasureName, MeasureResult>;
    return {
      ...arm,
      rounds: plan.trials.find((trial) => trial.arm === arm.name)?.scenario.federation.rounds ?? 0,
      done: count('done'),
      diverged: count('diverged'),
      failed: count('failed'),
      reached: target === undefined ? null : results.roundsToTarget.values.filter((value) => value !== null).length,
      measures: results,
    };
  });
  return {
    schemaVersion: 1,
    name: study.name,
    question: study.question ?? null,
    scenario: study.scenario,
    seeds: study.seeds,
    target: target ?? null,
    lastRounds,
    pairing: pairingOf(plan),
    arms,
    trials: plan.trials.map(({ arm, seed }) => {
      const record = find(arm, seed);
      return { arm, seed, outcome: record?.outcome ?? 'failed', digest: record?.digest ?? null };
    }),
  };
}

/** Partition, cohorts and first weights follow from the seed and these parts of a scenario alone. */
function pairingOf({ trials }: PlannedStudy): Pairing {
  const same = (part: (scenario: Scenario) => unknown) =>
    new Set(trials.map(({ scenario }) => JSON.stringify(part(scenario)))).size === trials.length / armsIn(trials);
  const partition = same(({ seed, data }) => [seed, data]);
  return {
    partition,
    cohorts: same(({ seed, data, federation }) => [seed, data.partition.clients, federation.cohort]),
    initialWeights: partition && same(({ seed, model }) => [seed, model]),
  };
}

function armsIn(trials: readonly { readonly arm: string }[]): number {
  return new Set(trials.map(({ arm }) => arm)).size;
}
