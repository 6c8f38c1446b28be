/** Reads a study and all that its trials need; whatever is wrong with any arm is told before anything runs. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadData } from '../../client/load-data.js';
import { trialKey } from '../../server/study/trial-key.js';
import type { TrialId } from '../../server/study/trial-store.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { refuseOwnData } from '../../shared/scenario/check-own-data.js';
import { roundPlanner } from '../../shared/scenario/round-plan.js';
import { loadStudy, type Study } from '../../shared/study/study.js';
import { inArm, type PlannedStudy, planTrials, type Trial, throwAll } from '../../shared/study/trials.js';
import { readText } from '../scenario-file.js';
import { versions } from '../versions.js';

/** A trial and the key under which it is kept. */
export interface KeyedTrial extends Trial, TrialId {}

export interface OpenedStudy {
  readonly study: Study;
  readonly plan: Omit<PlannedStudy, 'trials'> & { readonly trials: readonly KeyedTrial[] };
  /** The base scenario's file. */
  readonly scenarioFile: string;
}

/** @throws FedtempoError for whatever is wrong in the study, its scenario, an arm or the data */
export async function openStudy(file: string): Promise<OpenedStudy> {
  const loaded = loadStudy(readStudy(file), file);
  const { study, locate } = loaded;
  const scenarioFile = resolve(dirname(file), study.scenario);
  const text = readBase(scenarioFile, locate(['scenario']));
  const plan = planTrials(loaded, text, scenarioFile);
  const digests = await tryArms(study, plan.trials, dirname(scenarioFile), (arm, path) =>
    locate(['arms', arm, 'set', path]),
  );
  const { version } = versions();
  const trials = plan.trials.map((trial): KeyedTrial => {
    const datasetDigest = digests.get(trial.arm) as string;
    return { ...trial, key: trialKey({ scenario: trial.scenario, datasetDigest, version }) };
  });
  refuseTwins(study, trials, (arm) => locate(['arms', arm]));
  return { study, plan: { ...plan, trials }, scenarioFile };
}

function readStudy(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('STUDY_MISSING', 'the study cannot be read', {
      where: file,
      found: messageOf(error),
      expected: 'a study file (YAML or JSON)',
      fix: 'check the path; the repository has examples in scenarios/studies/',
    });
  }
}

function readBase(file: string, where: string): string {
  try {
    return readText(file);
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    throw new FedtempoError(error.code, error.summary, { ...error.details, where }, error);
  }
}

/** Opens the data of every arm and makes its schedules: mistakes that only a run would meet otherwise. */
async function tryArms(
  study: Study,
  trials: readonly Trial[],
  folder: string,
  locate: (arm: number, path: string) => string,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const errors: FedtempoError[] = [];
  for (const [index, arm] of study.arms.entries()) {
    const trial = trials.find((candidate) => candidate.arm === arm.name) as Trial;
    try {
      refuseOwnData(trial.scenario);
      const { source, partition } = await loadData(trial.scenario, folder);
      roundPlanner(trial.scenario, partition);
      digests.set(arm.name, source.digest);
    } catch (error) {
      if (!(error instanceof FedtempoError)) throw error;
      errors.push(inArm(error, arm, (path) => locate(index, path)));
    }
  }
  throwAll(errors);
  return digests;
}

function refuseTwins(study: Study, trials: readonly KeyedTrial[], where: (arm: number) => string): void {
  const keys = study.arms.map(({ name }) => trials.find(({ arm }) => arm === name)?.key);
  const twin = keys.findIndex((key, index) => keys.indexOf(key) < index);
  if (twin < 0) return;
  throw new FedtempoError('STUDY_CONTRADICTION', 'two arms are the same', {
    where: where(twin),
    found: `${study.arms[twin].name}, which sets nothing that ${study.arms[keys.indexOf(keys[twin])].name} does not`,
    expected: 'arms that differ',
    fix: 'change a value that has an effect, or remove the arm',
  });
}
