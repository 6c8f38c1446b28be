/** Takes up the directory of a run that did not end, where its newest whole checkpoint left it. */
import type { ClientData } from '../client/load-data.js';
import { decodeState, firstState, type RunState } from '../server/run-state.js';
import type { StoredRun } from '../server/store/read-run.js';
import type { KeptRecord } from '../server/store/records.js';
import { RunStore } from '../server/store/run-store.js';
import { initialize } from '../shared/model/initialize.js';
import { openStates, reopenStates } from './client-states.js';
import type { Begun, RunSetting } from './conduct.js';
import { refuseOtherRecords, refuseOtherRun } from './same-run.js';
import { versions } from './versions.js';

/** @throws FedtempoError RUN_CHANGED, CHECKPOINT_INVALID, RECORDS_INVALID, OUTPUT_UNWRITABLE */
export function reopen(
  { scenario, progress, log }: RunSetting,
  data: ClientData,
  { manifest, summary }: StoredRun,
  directory: string,
): Begun {
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
