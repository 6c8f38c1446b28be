/** The record of a failure that the device model planned: the client was given to no worker. */
import type { Failure } from '../shared/training/reply.js';
import type { ClientRecord } from './store/records.js';

export function plannedFailureRecord({ kind, round, client, ...failure }: Failure): ClientRecord {
  return { round, client, kind, worker: null, ...failure };
}
