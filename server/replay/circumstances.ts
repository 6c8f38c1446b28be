/**
 * Who was kept from replying by the surroundings of a run: done again, those failures would not come back of themselves.
 * Faults of the scenario, virtual time and updates that diverge do.
 */
import type { Failure, FailureCode } from '../../shared/training/reply.js';
import { silenced } from '../pool/faults.js';
import { type ClientLine, clientLines, isFailure } from './client-lines.js';

/** By the round they would have trained in, and by client. */
export type LostClients = ReadonlyMap<number, ReadonlyMap<number, Failure>>;

const CIRCUMSTANCES: ReadonlySet<FailureCode> = new Set(['client-lost', 'client-error', 'timeout']);
/** Where clients are on other machines, the clock decides these; with devices, virtual time plans them. */
const SERVED: ReadonlySet<FailureCode> = new Set(['late', 'surplus']);

/**
 * @param served whether the clients were on other machines
 * @throws FedtempoError RECORDS_INVALID
 */
export function lostClients(directory: string, served: boolean): LostClients {
  const lost = new Map<number, Map<number, Failure>>();
  for (const line of clientLines(directory, isFailure)) {
    const { round, client, startVersion: trainedIn = round, code, reason = '' } = line;
    if (code === undefined || !isCircumstance(line, code, served)) continue;
    const failure: Failure = { kind: 'failure', round: trainedIn, client, code, reason };
    lost.set(trainedIn, (lost.get(trainedIn) ?? new Map<number, Failure>()).set(client, failure));
  }
  return lost;
}

function isCircumstance({ round, client, fault }: ClientLine, code: FailureCode, served: boolean): boolean {
  if (fault !== undefined && silenced(fault, round, client) !== undefined) return false;
  if (CIRCUMSTANCES.has(code)) return true;
  // A client on another machine whose update was refused may have sent anything; it did not count.
  return served && (SERVED.has(code) || fault === undefined);
}
