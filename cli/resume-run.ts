/** Goes on with a run that was interrupted or killed: same directory, same bits, whichever pool it goes on in. */

import { type ClientData, loadData } from '../client/load-data.js';
import { digestOf } from '../server/digest.js';
import { decodeState, firstState, type RunState } from '../server/run-state.js';
import type { Checkpoint } from '../server/store/checkpoint.js';
import { type Manifest, readRun, type StoredRun } from '../server/store/read-run.js';
import type { Outcome, RoundRecord } from '../server/store/records.js';
import { RunStore } from '../server/store/run-store.js';
import { scenarioDigest } from '../server/store/scenario-digest.js';
import { FedtempoError } from '../shared/errors.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import { initialize } from '../shared/model/initialize.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { openStates, reopenStates } from './client-states.js';
import { conduct, type FinishedRun, type RunSetting } from './conduct.js';
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
  const data = await locating(locate, () => loadData(scenario, folder));
  refuseOtherData(stored.manifest.dataset.digest, data, directory);
  const finished = await conduct(setting, data, (pool) => {
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
function timeOf(rounds: readonly RoundRecord[]): number {
  return rounds.reduce((sum, { ms }) => sum + (ms?.total ?? 0), 0);
}

function resumptions({ resumed }: Manifest): unknown[] {
  return Array.isArray(resumed) ? resumed : [];
}

function refuseOtherData(digest: string, { source }: ClientData, directory: string): void {
  if (digest === source.digest) return;
  throw changed(
    directory,
    'the data are not those that the run began with',
    source.digest,
    digest,
    'bring back the data',
  );
}

function refuseOtherRun(checkpoint: Checkpoint, scenario: Scenario, data: ClientData, directory: string): void {
  refuseOtherData(checkpoint.dataset, data, directory);
  const digest = scenarioDigest(scenario);
  if (digest === checkpoint.scenario) return;
  const fix = 'undo the changes in its scenario.yaml, or start another run with them';
  throw changed(directory, 'the scenario is not the one that the run began with', digest, checkpoint.scenario, fix);
}

function changed(where: string, summary: string, found: string, expected: string, fix: string): FedtempoError {
  const short = (digest: string) => `SHA-256 ${digest.slice(0, 16)}…`;
  return new FedtempoError('RUN_CHANGED', summary, { where, found: short(found), expected: short(expected), fix });
}

/** The record and the weights of the last round must be of one run. */
function refuseOtherRecords({ last, weights }: RunState, directory: string): void {
  if (last === undefined || last.digest === digestOf(weights)) return;
  throw new FedtempoError('RECORDS_INVALID', 'the records are not those that the checkpoint belongs to', {
    where: directory,
    found: `round ${last.round} with weights ${last.digest.slice(0, 16)}… in rounds.jsonl`,
    expected: `${digestOf(weights).slice(0, 16)}…, as in the checkpoint`,
    fix: 'run the scenario again: fedtempo run scenario.yaml, the one of the run directory',
  });
}
