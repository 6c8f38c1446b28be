/**
 * Replays a run up to one client's update: from the nearest checkpoint before it, or from the start. The weights of every
 * round on the way must have the digest that was recorded, and so must the update.
 */
import { type ClientData, loadData } from '../../client/load-data.js';
import type { ClientStateStore } from '../../server/client-state/client-state-store.js';
import { coordinate } from '../../server/coordinator.js';
import type { ClientPool } from '../../server/pool/pool.js';
import { type RecordedReplies, recordedReplies, recordedRounds } from '../../server/replay/recorded.js';
import { type FoundTask, replayPool } from '../../server/replay/replay-pool.js';
import { decodeState, firstState, type RunState } from '../../server/run-state.js';
import type { Checkpoint } from '../../server/store/checkpoint.js';
import { CheckpointFiles } from '../../server/store/checkpoint-files.js';
import { readRun } from '../../server/store/read-run.js';
import type { KeptRecord, RoundRecord } from '../../server/store/records.js';
import { TimeTable } from '../../server/times/time-table.js';
import { FedtempoError } from '../../shared/errors.js';
import { initialize } from '../../shared/model/initialize.js';
import { refuseOwnData } from '../../shared/scenario/check-own-data.js';
import { adaptiveSpecsOf } from '../../shared/scenario/plan.js';
import { roundPlanner } from '../../shared/scenario/round-plan.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import { copyStates } from '../client-states.js';
import type { RunSetting } from '../conduct.js';
import { refuseOtherData, refuseOtherRecords, refuseOtherRun } from '../same-run.js';
import { locating, openScenario } from '../scenario-file.js';
import { startPool } from '../start-pool.js';

export interface ReplayOptions extends Omit<RunSetting, 'scenario' | 'folder' | 'profile'> {
  /** Of the run, absolute. */
  readonly directory: string;
  /** Both 0-based, as in clients.jsonl. */
  readonly round: number;
  readonly client: number;
  /** Other values for `pool`, as `path=value`. */
  readonly overrides: readonly string[];
}

export interface Replayed {
  /** Undefined if it was interrupted before. */
  readonly task: FoundTask | undefined;
  readonly recordedDigest: string;
  /** The fault of the scenario that befell the update, if one did. */
  readonly fault: string | undefined;
  /** Rounds that the replay began behind: those of a checkpoint, or 0. */
  readonly from: number;
  /** Rounds that were run again and had the recorded weights. */
  readonly verified: number;
  readonly scenario: Scenario;
  readonly data: ClientData;
}

/** @throws FedtempoError, REPLAY_UNKNOWN and REPLAY_DIFFERS among them */
export async function replayRun(options: ReplayOptions): Promise<Replayed> {
  const { directory, round, client, overrides } = options;
  const { manifest, scenarioFile } = readRun(directory);
  const rounds = recordedRounds(directory, round);
  const recorded = recordedReplies(directory, round, client);
  const { runs, folder } = openScenario(scenarioFile, overrides);
  const [{ scenario, locate }] = runs;
  const data = await locating(locate, async () => {
    refuseOwnData(scenario);
    return loadData(scenario, folder);
  });
  refuseOtherData(manifest.dataset.digest, data, directory);
  const nearest = nearestState(directory, scenario, data, rounds, recorded.trainedIn);
  const { start } = nearest;
  const setting = { ...options, scenario, folder, profile: false };
  const search = { ...options, ...recorded };
  const { task, verified } = await findTask(setting, data, nearest, rounds, search).finally(nearest.remove);
  const { updateDigest: recordedDigest, fault } = recorded;
  return { task, recordedDigest, fault, from: start.rounds, verified, scenario, data };
}

interface Nearest {
  readonly start: RunState;
  /** What clients keep, as it was at `start`; undefined where they keep nothing. */
  readonly states: ClientStateStore | undefined;
  /** Removes the copies of the states. */
  readonly remove: () => void;
}

/** The state after the latest round before `round` that a whole checkpoint holds; damaged ones are as good as none. */
function nearestState(
  directory: string,
  scenario: Scenario,
  data: ClientData,
  rounds: readonly KeptRecord[],
  round: number,
): Nearest {
  const { model } = data;
  const checkpoints = new CheckpointFiles(directory, false).whole();
  for (const checkpoint of checkpoints) refuseOtherRun(checkpoint, scenario, data, directory);
  for (const before of checkpoints.filter((checkpoint) => checkpoint.rounds <= round)) {
    const start = decodeState(before, model.layout, rounds[before.rounds - 1]);
    refuseOtherRecords(start, directory);
    const copied = statesAt(scenario, data, directory, before);
    if (copied !== undefined) return { start, ...copied };
  }
  const start = firstState(initialize(model, scenario.model.initialization, scenario.seed));
  return { start, ...copyStates(scenario, model, directory, undefined) };
}

/** Undefined if they are damaged. */
function statesAt(scenario: Scenario, { model }: ClientData, directory: string, checkpoint: Checkpoint) {
  try {
    return copyStates(scenario, model, directory, checkpoint);
  } catch (error) {
    if (error instanceof FedtempoError && error.code === 'CHECKPOINT_INVALID') return undefined;
    throw error;
  }
}

async function findTask(
  setting: RunSetting,
  loaded: ClientData,
  { start, states }: Nearest,
  recorded: readonly KeptRecord[],
  { directory, round, client, trainedIn, lost }: ReplayOptions & RecordedReplies,
): Promise<{ task: FoundTask | undefined; verified: number }> {
  const { scenario, folder, kernels, progress, log, signal } = setting;
  const { partition } = loaded;
  const table = new TimeTable(false);
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  const { pool, evaluator } = await startPool({ scenario, folder, kernels, loaded, table, note, signal });
  const stopping = new AbortController();
  let found: FoundTask | undefined;
  let verified = 0;
  try {
    const shown = { ...scenario, federation: { ...scenario.federation, rounds: round } };
    progress.start(shown, `replay up to round ${round} · ${factsOf(pool)}`, start.rounds);
    const result = await coordinate({
      scenario,
      start,
      pool: replayPool(pool, {
        round: trainedIn,
        client,
        lost,
        onFound: (task) => {
          found = task;
          stopping.abort();
        },
      }),
      // Where nothing listens to the test set, nothing depends on looking at it.
      evaluator: listens(scenario) ? evaluator : blind,
      planner: roundPlanner(scenario, { examples: partition.examples }),
      examples: partition.examples,
      states,
      shardSize: (of) => partition.sizeOf(of),
      signal: AbortSignal.any([signal, stopping.signal]),
      spans: table.own,
      onRound: ({ record }) => {
        compare(record, recorded[record.round], directory);
        verified += 1;
        if (record.round < round) progress.round({ ...record, ...recorded[record.round] });
      },
    });
    if (result.error !== undefined && (found === undefined || result.error instanceof FedtempoError))
      throw result.error;
    if (found === undefined && !signal.aborted) throw new Error(`round ${round} never asked client ${client}`);
    return { task: found, verified };
  } finally {
    progress.stop();
    states?.close();
    await Promise.all([pool.close(), evaluator.close()]);
  }
}

const blind = {
  evaluate: async () => ({ loss: Number.NaN, accuracy: Number.NaN }),
  close: async () => {},
};

function listens(scenario: Scenario): boolean {
  return Object.keys(adaptiveSpecsOf(scenario)).length > 0;
}

function factsOf({ kind, workers }: ClientPool): string {
  return `${kind} pool, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
}

function compare(record: RoundRecord, recorded: KeptRecord | undefined, directory: string): void {
  if (recorded === undefined || recorded.digest === record.digest) return;
  throw new FedtempoError('REPLAY_DIFFERS', `the replay left the run in round ${record.round}`, {
    where: directory,
    found: `weights with SHA-256 ${record.digest}`,
    expected: `${recorded.digest}, as in rounds.jsonl`,
    fix: 'compare manifest.json with this version and machine; the records may also have been changed since',
  });
}
