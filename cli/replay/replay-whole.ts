/**
 * Does a whole run again, from its first weights: the weights of every round and every update that was counted must have the
 * digest that was recorded, and nothing may be recorded that did not come out.
 */
import { recordedRounds } from '../../server/replay/recorded.js';
import { otherUpdate, RecordedUpdates, type UpdateRecord } from '../../server/replay/recorded-updates.js';
import { readRun, type StoredRun } from '../../server/store/read-run.js';
import { FedtempoError } from '../../shared/errors.js';
import { openReplay } from './open-replay.js';
import { nearestState, type ReplayOptions } from './replay-run.js';
import { compareWeights, DIFFERS, runAgain } from './run-again.js';

export interface Audit {
  /** Rounds and counted updates that came out as they were recorded. */
  readonly rounds: number;
  readonly updates: number;
  /** Replies that circumstances prevented then: those clients were not asked again. */
  readonly leftOut: number;
  /** SHA-256 of the weights that the replay came to at last; null before any. */
  readonly digest: string | null;
  /** Undefined if everything is the same. */
  readonly differs: Difference | undefined;
}

/** The first thing that differs. */
export interface Difference {
  readonly round: number;
  /** Null if the weights differ, but no update. */
  readonly client: number | null;
  /** REPLAY_DIFFERS */
  readonly error: FedtempoError;
}

/** @returns undefined if it was interrupted @throws FedtempoError for what cannot be replayed */
export async function replayWhole(options: Omit<ReplayOptions, 'round' | 'client'>): Promise<Audit | undefined> {
  const { directory, overrides, progress, signal } = options;
  const stored = readRun(directory);
  const recorded = recordedRounds(directory, 0);
  const run = await openReplay(directory, stored, overrides);
  const nearest = nearestState(directory, run, recorded, 0);
  const accounts = new RecordedUpdates(directory);
  const stopping = new AbortController();
  let audit: Omit<Audit, 'differs'> = { rounds: 0, updates: 0, leftOut: 0, digest: null };
  let client: number | null = null;
  try {
    const result = await runAgain(options, run, {
      ...nearest,
      rounds: recorded.length,
      title: `replay of ${recorded.length} rounds`,
      enough: stopping.signal,
      onRound: ({ record, clients }) => {
        const { round, digest } = record;
        audit = { ...audit, digest };
        const updates = clients.filter((one): one is UpdateRecord => one.kind === 'update');
        const other = otherUpdate(accounts.of(round), updates);
        client = other?.client ?? null;
        if (other !== undefined) throw differentUpdate(directory, round, other);
        compareWeights(round, digest, recorded[round], directory);
        const leftOut = run.lost.get(round)?.size ?? 0;
        audit = {
          rounds: audit.rounds + 1,
          updates: audit.updates + updates.length,
          leftOut: audit.leftOut + leftOut,
          digest,
        };
        progress.round({ ...record, ...recorded[round] });
        if (round + 1 === recorded.length) stopping.abort();
      },
    });
    if (audit.rounds < recorded.length) {
      if (signal.aborted) return undefined;
      throw result.error ?? endedBefore(directory, audit.rounds, recorded.length);
    }
    client = null;
    compareSummary(stored, audit, directory);
  } catch (error) {
    if (!(error instanceof FedtempoError) || error.code !== 'REPLAY_DIFFERS') throw error;
    return { ...audit, differs: { round: Math.min(audit.rounds, recorded.length - 1), client, error } };
  } finally {
    accounts.close();
    nearest.remove();
  }
  return { ...audit, differs: undefined };
}

function differentUpdate(
  directory: string,
  round: number,
  { client, recorded, replayed }: NonNullable<ReturnType<typeof otherUpdate>>,
): FedtempoError {
  const told = (digest: string | undefined) =>
    digest === undefined ? 'no update' : `an update with SHA-256 ${digest}`;
  return new FedtempoError('REPLAY_DIFFERS', `the replay left the run in round ${round}, at client ${client}`, {
    where: directory,
    found: told(replayed),
    expected: `${told(recorded)}, as in clients.jsonl`,
    fix: DIFFERS,
  });
}

function endedBefore(directory: string, rounds: number, recorded: number): FedtempoError {
  return new FedtempoError('REPLAY_DIFFERS', `the replay ended before round ${rounds}`, {
    where: directory,
    found: `${rounds} rounds`,
    expected: `the ${recorded} of rounds.jsonl`,
    fix: DIFFERS,
  });
}

/** What a run says of itself at its end; one whose disk failed may know of a round more than its records. */
function compareSummary({ summary }: StoredRun, { rounds, digest }: Pick<Audit, 'rounds' | 'digest'>, where: string) {
  if (summary === undefined || (summary.outcome === 'failed' && summary.rounds !== rounds)) return;
  if (summary.rounds === rounds && summary.digest === digest) return;
  throw new FedtempoError('REPLAY_DIFFERS', 'summary.json does not say what the rounds came to', {
    where,
    found: `${rounds} rounds, weights with SHA-256 ${digest}`,
    expected: `${summary.rounds} rounds, ${summary.digest}, as in summary.json`,
    fix: DIFFERS,
  });
}
