/** What a run recorded of its rounds, of whom they asked, and of one client in one of them. */
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError } from '../../shared/errors.js';
import { invalid, roundLines } from '../store/read-records.js';
import type { KeptRecord } from '../store/records.js';
import { type ClientLine, clientLines, clientsFile } from './client-lines.js';

/** What the replies of a run say of one client. */
export interface RecordedReply {
  /** What must come out again. */
  readonly updateDigest: string;
  /** The fault of the scenario that befell the update, if one did. */
  readonly fault: string | undefined;
  /** The round, of an asynchronous run the server version, whose weights and plan the client trained with. */
  readonly trainedIn: number;
}

/**
 * The records of the rounds, in order; enough of them to reach `round`.
 *
 * @throws FedtempoError REPLAY_UNKNOWN, RECORDS_INVALID
 */
export function recordedRounds(directory: string, round: number): KeptRecord[] {
  const rounds = [...roundLines(roundsFile(directory))].map(({ cohort: _, ...kept }) => kept);
  if (round < rounds.length) return rounds;
  throw unknown(directory, 'there is no such round', `round ${round}`, spanOf(rounds.length));
}

/**
 * The cohorts of the rounds, in order.
 *
 * @param clients that the scenario has
 * @throws FedtempoError RECORDS_INVALID for one that is none
 */
export function recordedCohorts(directory: string, clients: number): (readonly number[])[] {
  const ascending = (cohort: number[]) => cohort.every((client, at) => at === 0 || client > cohort[at - 1]);
  const schema = z
    .array(
      z
        .int()
        .min(0)
        .max(clients - 1),
    )
    .min(1)
    .refine(ascending);
  const file = roundsFile(directory);
  return [...roundLines(file)].map(({ round, cohort }) => {
    const parsed = schema.safeParse(cohort);
    if (parsed.success) return parsed.data;
    const found = `line ${round + 1}: cohort ${JSON.stringify(cohort)}`.slice(0, 200);
    throw invalid(file, found, `clients of 0 to ${clients - 1}, ascending`);
  });
}

/** @throws FedtempoError REPLAY_UNKNOWN if there is no update, RECORDS_INVALID */
export function recordedReply(directory: string, round: number, client: number): RecordedReply {
  const file = clientsFile(directory);
  const inRound: ClientLine[] = [];
  for (const line of clientLines(directory, (text) => text.includes(`"round":${round},`))) {
    if (line.round === round) inRound.push(line);
  }
  const own = inRound.find((record) => record.client === client);
  if (own === undefined) {
    const others = inRound.map((record) => record.client);
    const shown = others.slice(0, 20).join(', ') + (others.length > 20 ? ' …' : '');
    throw unknown(file, 'the client has no reply in this round', `client ${client}`, `one of ${shown || 'nobody'}`);
  }
  const { kind, updateDigest, fault, code, reason, startVersion } = own;
  if (kind === 'update' && updateDigest !== undefined) return { updateDigest, fault, trainedIn: startVersion ?? round };
  throw unknown(file, 'the client has no update in this round', `${code}: ${reason}`, 'an update');
}

function roundsFile(directory: string): string {
  return join(directory, 'rounds.jsonl');
}

function unknown(where: string, summary: string, found: string, expected: string): FedtempoError {
  const fix = 'rounds and clients are numbered from 0, as in rounds.jsonl and clients.jsonl';
  return new FedtempoError('REPLAY_UNKNOWN', summary, { where, found, expected, fix });
}

function spanOf(rounds: number): string {
  return rounds === 0 ? 'a run with rounds' : `round 0 to ${rounds - 1}`;
}
