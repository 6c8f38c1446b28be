/** Whether scenario, data, checkpoint and records are of one run; what is not is refused. */
import type { ClientData } from '../client/load-data.js';
import { digestOf } from '../server/digest.js';
import type { RunState } from '../server/run-state.js';
import type { Checkpoint } from '../server/store/checkpoint.js';
import { scenarioDigest } from '../server/store/scenario-digest.js';
import { FedtempoError } from '../shared/errors.js';
import type { Scenario } from '../shared/scenario/scenario.js';

/** @param digest of the data that the run began with */
export function refuseOtherData(digest: string, { source }: ClientData, directory: string): void {
  if (digest === source.digest) return;
  throw changed(
    directory,
    'the data are not those that the run began with',
    source.digest,
    digest,
    'bring back the data',
  );
}

export function refuseOtherRun(checkpoint: Checkpoint, scenario: Scenario, data: ClientData, directory: string): void {
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
export function refuseOtherRecords({ last, weights }: RunState, directory: string): void {
  if (last === undefined || last.digest === digestOf(weights)) return;
  throw new FedtempoError('RECORDS_INVALID', 'the records are not those that the checkpoint belongs to', {
    where: directory,
    found: `round ${last.round} with weights ${last.digest.slice(0, 16)}… in rounds.jsonl`,
    expected: `${digestOf(weights).slice(0, 16)}…, as in the checkpoint`,
    fix: 'run the scenario again: fedtempo run scenario.yaml, the one of the run directory',
  });
}
