/**
 * Replays a run up to one client's update: from the nearest checkpoint before it, or from the start. The weights of every
 * round on the way must have the digest that was recorded, and so must the update.
 */
import type { ClientData } from '../../client/load-data.js';
import type { ClientStateStore } from '../../server/client-state/client-state-store.js';
import { type RecordedReply, recordedReply, recordedRounds } from '../../server/replay/recorded.js';
import type { FoundTask } from '../../server/replay/replay-pool.js';
import { decodeState, firstState, type RunState } from '../../server/run-state.js';
import type { Checkpoint } from '../../server/store/checkpoint.js';
import { CheckpointFiles } from '../../server/store/checkpoint-files.js';
import { readRun } from '../../server/store/read-run.js';
import type { KeptRecord } from '../../server/store/records.js';
import { FedtempoError } from '../../shared/errors.js';
import { initialize } from '../../shared/model/initialize.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import { copyStates } from '../client-states.js';
import { refuseOtherRecords, refuseOtherRun } from '../same-run.js';
import { openReplay, type ReplayableRun } from './open-replay.js';
import { compareWeights, type ReplaySetting, runAgain } from './run-again.js';

export interface ReplayOptions extends ReplaySetting {
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
  const stored = readRun(directory);
  const rounds = recordedRounds(directory, round);
  const recorded = recordedReply(directory, round, client);
  const run = await openReplay(directory, stored, overrides);
  const nearest = nearestState(directory, run, rounds, recorded.trainedIn);
  const { task, verified } = await findTask(options, run, nearest, rounds, recorded).finally(nearest.remove);
  const { updateDigest: recordedDigest, fault } = recorded;
  const { scenario, data } = run;
  return { task, recordedDigest, fault, from: nearest.start.rounds, verified, scenario, data };
}

export interface Nearest {
  readonly start: RunState;
  /** What clients keep, as it was at `start`; undefined where they keep nothing. */
  readonly states: ClientStateStore | undefined;
  /** Removes the copies of the states. */
  readonly remove: () => void;
}

/** The state after the latest round before `round` that a whole checkpoint holds; damaged ones are as good as none. */
export function nearestState(
  directory: string,
  { scenario, data }: ReplayableRun,
  rounds: readonly KeptRecord[],
  round: number,
): Nearest {
  const { model } = data;
  const checkpoints = new CheckpointFiles(directory, false).whole();
  for (const checkpoint of checkpoints) refuseOtherRun(checkpoint, scenario, data, directory);
  // From the start on nothing is taken from a checkpoint.
  for (const before of checkpoints.filter((checkpoint) => round > 0 && checkpoint.rounds <= round)) {
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
  options: ReplayOptions,
  run: ReplayableRun,
  { start, states }: Nearest,
  recorded: readonly KeptRecord[],
  { trainedIn }: RecordedReply,
): Promise<{ task: FoundTask | undefined; verified: number }> {
  const { directory, round, client, progress, signal } = options;
  const stopping = new AbortController();
  let found: FoundTask | undefined;
  let verified = 0;
  const onFound = (task: FoundTask) => {
    found = task;
    stopping.abort();
  };
  const result = await runAgain(options, run, {
    start,
    states,
    rounds: round,
    title: `replay up to round ${round}`,
    wanted: { round: trainedIn, client, onFound },
    enough: stopping.signal,
    onRound: ({ record }) => {
      compareWeights(record.round, record.digest, recorded[record.round], directory);
      verified += 1;
      if (record.round < round) progress.round({ ...record, ...recorded[record.round] });
    },
  });
  if (result.error !== undefined && (found === undefined || result.error instanceof FedtempoError)) throw result.error;
  if (found === undefined && !signal.aborted) throw new Error(`round ${round} never asked client ${client}`);
  return { task: found, verified };
}
