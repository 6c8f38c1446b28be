/** What a run recorded of the rounds up to a replayed one, and of the client in it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError } from '../../shared/errors.js';
import type { Failure } from '../../shared/training/reply.js';
import { linesOf } from '../store/durable.js';
import { invalid, roundLines } from '../store/read-records.js';
import type { KeptRecord } from '../store/records.js';

/** What a replay must give again. */
export interface RecordedUpdate {
  readonly updateDigest: string;
  /** The fault of the scenario that befell the update, if one did. */
  readonly fault?: string | undefined;
}

const clientSchema = z.looseObject({
  round: z.number(),
  client: z.number(),
  kind: z.enum(['update', 'failure']),
  updateDigest: z.string().optional(),
  fault: z.string().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
});

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
export function recordedUpdate(directory: string, round: number, client: number): RecordedUpdate {
  const file = join(directory, 'clients.jsonl');
  const others: number[] = [];
  let number = 0;
  for (const line of existsSync(file) ? linesOf(file) : []) {
    number += 1;
    // Most lines are of other rounds; parsing them all would take longer than the replay.
    if (!line.includes(`"round":${round},`)) continue;
    const record = parse(line, file, number);
    if (record.round !== round) continue;
    if (record.client !== client) {
      others.push(record.client);
      continue;
    }
    const { kind, updateDigest, fault, code, reason } = record;
    if (kind === 'update' && updateDigest !== undefined) return { updateDigest, fault };
    throw unknown(file, 'the client has no update in this round', `${code}: ${reason}`, 'an update');
  }
  const shown = others.slice(0, 20).join(', ') + (others.length > 20 ? ' …' : '');
  throw unknown(file, 'the client has no reply in this round', `client ${client}`, `one of ${shown || 'nobody'}`);
}

/** Failures that the surroundings of a run caused: done again, they would not come back of themselves. */
const CIRCUMSTANCES: readonly string[] = ['client-lost', 'client-error', 'timeout'] satisfies Failure['code'][];

/** Clients of a round that did not reply because of circumstances. */
export function lostClients({ round, failures }: KeptRecord): Map<number, Failure> {
  const lost = failures.filter(({ code }) => CIRCUMSTANCES.includes(code));
  return new Map(lost.map(({ client, code, reason }) => [client, { kind: 'failure', round, client, code, reason }]));
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
