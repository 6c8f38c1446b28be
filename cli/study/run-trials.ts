/** Runs the trials that are not done yet, a few at once, and gathers the records of all. */
import pLimit from 'p-limit';
import type { FinishedTrial, TrialStore } from '../../server/study/trial-store.js';
import type { TrialRecord } from '../../shared/study/result.js';
import type { KeyedTrial, OpenedStudy } from './open-study.js';
import type { StudyProgress } from './study-progress.js';
import { runTrial } from './trial-process.js';

export interface FailedTrial {
  readonly trial: KeyedTrial;
  readonly reason: string;
}

export interface RanTrials {
  /** Of every trial that ended; trials that failed are among them without rounds. */
  readonly records: readonly TrialRecord[];
  readonly failed: readonly FailedTrial[];
}

/** A trial that fails does not stop the others. After an abort, what has not ended is left out. */
export async function runTrials(
  { plan, scenarioFile }: OpenedStudy,
  store: TrialStore,
  atOnce: number,
  progress: StudyProgress,
  signal: AbortSignal,
): Promise<RanTrials> {
  const records: TrialRecord[] = [];
  const failed: FailedTrial[] = [];
  const take = (trial: KeyedTrial, finished: FinishedTrial) => records.push(recordOf(trial, finished));

  const open = plan.trials.filter((trial) => {
    const finished = store.find(trial);
    if (finished === undefined) return true;
    take(trial, finished);
    progress.found(trial, finished.summary);
    return false;
  });
  progress.start(open.length);

  const limit = pLimit(atOnce);
  const run = async (trial: KeyedTrial) => {
    if (signal.aborted) return;
    progress.began(trial);
    const { code, said } = await runTrial(trial, scenarioFile, store.prepare(trial), signal);
    if (signal.aborted) return;
    const finished = store.find(trial);
    if (finished !== undefined) {
      take(trial, finished);
      progress.ended(trial, finished.summary);
      return;
    }
    const reason = said.trim() || (code === 0 ? CHANGED : `its process ended with ${code ?? 'a signal'}`);
    failed.push({ trial, reason });
    records.push({ arm: trial.arm, seed: trial.seed, outcome: 'failed', digest: null, rounds: [], parameters: 0 });
    progress.failed(trial, reason);
  };
  await Promise.all(open.map((trial) => limit(run, trial)));
  return { records, failed };
}

const CHANGED = 'its run is another one than was planned: the scenario or its data changed while the study ran';

function recordOf({ arm, seed }: KeyedTrial, { summary, rounds }: FinishedTrial): TrialRecord {
  const { digest, parameters } = summary;
  return { arm, seed, outcome: summary.outcome === 'diverged' ? 'diverged' : 'done', digest, rounds, parameters };
}
