/** Goes on with a run that was interrupted or killed: same directory, same bits, whichever pool it goes on in. */

import type { ClientData } from '../client/load-data.js';
import type { ClientPool } from '../server/pool/pool.js';
import { decodeState, firstState, type RunState } from '../server/run-state.js';
import { type Manifest, readRun, type StoredRun } from '../server/store/read-run.js';
import type { KeptRecord, Outcome } from '../server/store/records.js';
import { RunStore } from '../server/store/run-store.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import { initialize } from '../shared/model/initialize.js';
import { refuseOwnData } from '../shared/scenario/check-own-data.js';
import { openStates, reopenStates } from './client-states.js';
import { conduct, type FinishedRun, type RunSetting } from './conduct.js';
import { refuseOtherData, refuseOtherRecords, refuseOtherRun } from './same-run.js';
import { locating, openScenario } from './scenario-file.js';
import { versions } from './versions.js';

export interface ResumeOptions extends Omit<RunSetting, 'scenario' | 'folder'> {
  /** Of the run, absolute. */
  readonly directory: string;
  /** Other values for `pool`, as `path=value`. */
  readonly overrides: readonly string[];
}

/** A run that ended so has nothing left to do; one that diverged would diverge again. */
const FINISHED: readonly Outcome[] = ['target', 'flat', 'rounds', 'diverged'];

/**
 * @returns the summary alone, and that it is an old one, if the run has ended already
 * @throws FedtempoError RUN_MISSING, RUN_CHANGED, CHECKPOINT_INVALID, RECORDS_INVALID, OUTPUT_UNWRITABLE, or what the
 *   scenario and its data are refused with
 */
export async function resumeRun(options: ResumeOptions): Promise<FinishedRun & { readonly ended: boolean }> {
  const { directory, overrides, ...rest } = options;
  const stored = readRun(directory);
  if (stored.summary !== undefined && FINISHED.includes(stored.summary.outcome)) {
    return { summary: { ...stored.summary, directory }, ended: true };
  }
  const { runs, folder } = openScenario(stored.scenarioFile, overrides);
  const [{ scenario, locate }] = runs;
  const setting: RunSetting = { ...rest, scenario, folder };
  const resume = (data: ClientData, pool: ClientPool) => {
    refuseOtherData(stored.manifest.dataset.digest, data, directory);
    const begun = reopen(setting, data, stored, directory);
    const resumedAt = new Date().toISOString();
    const { version, node } = versions();
    const kernels = chooseKernels(setting.kernels).name;
    const note = {
      resumedAt,
      fromRound: begun.start.rounds,
      version,
      node,
      pool: { kind: pool.kind, workers: pool.workers },
      kernels,
    };
    begun.store.manifest({ ...stored.manifest, resumed: [...resumptions(stored.manifest), note] });
    return begun;
  };
  const finished = await locating(locate, async () => {
    refuseOwnData(scenario);
    return conduct(setting, resume);
  });
  return { ...finished, ended: false };
}

function reopen(
  { scenario, progress, log }: RunSetting,
  data: ClientData,
  { manifest, summary }: StoredRun,
  directory: string,
) {
  const { model } = data;
  let start: RunState = firstState(initialize(model, scenario.model.initialization, scenario.seed));
  let states = openStates(scenario, model, directory);
  const { store, refused, rounds } = RunStore.reopen(
    directory,
    (checkpoint, records) => {
      if (checkpoint === undefined) return;
      start = decodeState(checkpoint, model.layout, records.at(-1));
      refuseOtherRecords(start, directory);
    },
    (checkpoint) => {
      refuseOtherRun(checkpoint, scenario, data, directory);
      states = reopenStates(scenario, model, directory, checkpoint);
    },
  );
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  if (refused !== undefined) note(refused.message);
  const { version } = versions();
  if (manifest.version !== version) note(`the run was begun by fedtempo ${manifest.version}, this is ${version}`);
  return { store, start, states, rounds, wallMs: summary?.wallMs ?? timeOf(rounds) };
}

/** Of a run that was killed no more is known. */
function timeOf(rounds: readonly KeptRecord[]): number {
  return rounds.reduce((sum, { ms }) => sum + (ms?.total ?? 0), 0);
}

function resumptions({ resumed }: Manifest): unknown[] {
  return Array.isArray(resumed) ? resumed : [];
}
