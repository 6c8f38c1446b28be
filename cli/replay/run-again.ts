/** Runs rounds of a run again: its round loop over a pool in which those who did not reply then do not reply again. */
import type { ClientStateStore } from '../../server/client-state/client-state-store.js';
import { coordinate, type DoneRound, type RunResult } from '../../server/coordinator.js';
import type { ClientPool } from '../../server/pool/pool.js';
import { recordedRoundSource } from '../../server/replay/recorded-rounds.js';
import { replayPool, type Wanted } from '../../server/replay/replay-pool.js';
import type { RunState } from '../../server/run-state.js';
import type { KeptRecord } from '../../server/store/records.js';
import { TimeTable } from '../../server/times/time-table.js';
import { FedtempoError } from '../../shared/errors.js';
import { adaptiveSpecsOf } from '../../shared/scenario/plan.js';
import { roundPlanner } from '../../shared/scenario/round-plan.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import type { RunSetting } from '../conduct.js';
import { startPool } from '../start-pool.js';
import type { ReplayableRun } from './open-replay.js';

export type ReplaySetting = Omit<RunSetting, 'scenario' | 'folder' | 'profile'>;

export interface RoundsAgain {
  readonly start: RunState;
  /** What clients keep, as it was at `start`; undefined where they keep nothing. Closed at the end. */
  readonly states: ClientStateStore | undefined;
  /** Where the display of progress ends. */
  readonly rounds: number;
  /** What is done again, as progress tells it. */
  readonly title: string;
  /** A task to be taken out of its round. */
  readonly wanted?: Wanted | undefined;
  /** Ends it without an error. */
  readonly enough: AbortSignal;
  /** As in the run; whatever it throws ends the replay. */
  readonly onRound: (done: DoneRound) => void;
}

/** @throws FedtempoError if the pool does not come up; what ends the rounds is in the result */
export async function runAgain(
  { kernels, progress, log, signal }: ReplaySetting,
  { scenario, folder, data, lost, cohorts }: ReplayableRun,
  { start, states, rounds, title, wanted, enough, onRound }: RoundsAgain,
): Promise<RunResult> {
  const { partition } = data;
  const table = new TimeTable(false);
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  const { pool, evaluator } = await startPool({ scenario, folder, kernels, loaded: data, table, note, signal });
  try {
    const shown = { ...scenario, federation: { ...scenario.federation, rounds } };
    progress.start(shown, `${title} · ${factsOf(pool)}`, start.rounds);
    return await coordinate({
      scenario,
      start,
      pool: replayPool(pool, lost, wanted),
      // Where nothing listens to the test set, nothing depends on looking at it.
      evaluator: listens(scenario) ? evaluator : blind,
      rounds: cohorts && ((options) => recordedRoundSource(options, cohorts)),
      // Nothing is gained by it without evaluation, and no round begins that nobody asked for.
      overlap: false,
      planner: roundPlanner(scenario, { examples: partition.examples }),
      examples: partition.examples,
      states,
      shardSize: (of) => partition.sizeOf(of),
      signal: AbortSignal.any([signal, enough]),
      spans: table.own,
      onRound,
    });
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

/** @throws FedtempoError REPLAY_DIFFERS unless the weights are those that were recorded */
export function compareWeights(round: number, digest: string, recorded: KeptRecord | undefined, directory: string) {
  if (recorded === undefined || recorded.digest === digest) return;
  throw new FedtempoError('REPLAY_DIFFERS', `the replay left the run in round ${round}`, {
    where: directory,
    found: `weights with SHA-256 ${digest}`,
    expected: `${recorded.digest}, as in rounds.jsonl`,
    fix: DIFFERS,
  });
}

export const DIFFERS =
  'compare manifest.json with this version and machine; the records may also have been changed since';
