/** What a run recorded of the rounds up to a replayed one, and of the client in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError } from '../../shared/errors.js';
import type { Failure } from '../../shared/training/reply.js';
import { linesOf } from '../store/durable.js';
import { invalid, roundLines } from '../store/read-records.js';
import type { KeptRecord } from '../store/records.js';

/** What the replies of a run say for one client's replay. */
export interface RecordedReplies {
  /** What must come out again. */
  readonly updateDigest: string;
  /** The fault of the scenario that befell the update, if one did. */
  readonly fault: string | undefined;
  /** The round, of an asynchronous run the server version, whose weights and plan the client trained with. */
  readonly trainedIn: number;
  /** Who was kept from replying by circumstances, by the round they would have trained in. */
  readonly lost: ReadonlyMap<number, ReadonlyMap<number, Failure>>;
}

const clientSchema = z.looseObject({
  round: z.number(),
  client: z.number(),
  kind: z.enum(['update', 'failure']),
  updateDigest: z.string().optional(),
  fault: z.string().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  startVersion: z.number().optional(),
});
type ClientLine = z.output<typeof clientSchema>;

/** Failures that the surroundings of a run caused: done again, they would not come back of themselves. */
const CIRCUMSTANCES: readonly string[] = ['client-lost', 'client-error', 'timeout'] satisfies Failure['code'][];

/**
 * The records of the rounds, in order; enough of them to reach `round`.
 *
 * @throws FedtempoError REPLAY_UNKNOWN, RECORDS_INVALID
 */
export function recordedRounds(directory: string, round: number): KeptRecord[] {
  const rounds = [...roundLines(join(directory, 'rounds.jsonl'))].map(({ cohort: _, ...kept }) => kept);
  if (round < rounds.length) return rounds;
  throw unknown(directory, 'there is no such round', `round ${round}`, spanOf(rounds.length));
}

/** @throws FedtempoError REPLAY_UNKNOWN if there is no update, RECORDS_INVALID */
export function recordedReplies(directory: string, round: number, client: number): RecordedReplies {
  const file = join(directory, 'clients.jsonl');
  const inRound: ClientLine[] = [];
  const lost = new Map<number, Map<number, Failure>>();
  let number = 0;
  for (const line of existsSync(file) ? linesOf(file) : []) {
    number += 1;
    // Most lines are updates of other rounds; parsing them all would take longer than the replay.
    if (!line.includes(`"round":${round},`) && !line.includes('"kind":"failure"')) continue;
    const record = parse(line, file, number);
    if (record.round === round) inRound.push(record);
    if (record.kind === 'failure' && record.fault === undefined && CIRCUMSTANCES.includes(record.code ?? '')) {
      const { client, trainedIn, failure } = lostReply(record);
      lost.set(trainedIn, (lost.get(trainedIn) ?? new Map<number, Failure>()).set(client, failure));
    }
  }
  const own = inRound.find((record) => record.client === client);
  if (own === undefined) {
    const others = inRound.map((record) => record.client);
    const shown = others.slice(0, 20).join(', ') + (others.length > 20 ? ' …' : '');
    throw unknown(file, 'the client has no reply in this round', `client ${client}`, `one of ${shown || 'nobody'}`);
  }
  const { kind, updateDigest, fault, code, reason, startVersion } = own;
  if (kind === 'update' && updateDigest !== undefined) {
    return { updateDigest, fault, trainedIn: startVersion ?? round, lost };
  }
  throw unknown(file, 'the client has no update in this round', `${code}: ${reason}`, 'an update');
}

function lostReply({ round, client, startVersion, code, reason = '' }: ClientLine) {
  const trainedIn = startVersion ?? round;
  const failure = { kind: 'failure', round: trainedIn, client, code: code as Failure['code'], reason } as const;
  return { client, trainedIn, failure };
}

function parse(line: string, file: string, number: number) {
  try {
    return clientSchema.parse(JSON.parse(line));
  } catch {
    throw invalid(file, `line ${number}: ${line.slice(0, 100)}`, 'the line of a reply');
  }
}

function unknown(where: string, summary: string, found: string, expected: string): FedtempoError {
  const fix = 'rounds and clients are numbered from 0, as in rounds.jsonl and clients.jsonl';
  return new FedtempoError('REPLAY_UNKNOWN', summary, { where, found, expected, fix });
}

function spanOf(rounds: number): string {
  return rounds === 0 ? 'a run with rounds' : `round 0 to ${rounds - 1}`;
}
