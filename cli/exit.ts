/** Exit codes, and how an error is told. */
import { type ErrorCode, FedtempoError } from '../shared/errors.js';

export const exitCodes = { done: 0, failedRun: 1, badInput: 2, interrupted: 130 } as const;

const FAILED_RUN: readonly ErrorCode[] = [
  'CLIENTS_UNAVAILABLE',
  'RUN_DIVERGED',
  'RUN_BELOW_MINIMUM',
  'TRIAL_FAILED',
  'REPLAY_DIFFERS',
  'STORAGE_FAILED',
  'JOIN_REFUSED',
];

/** Writes the error to standard error, without a stack trace if it is one that a person can mend. */
export function tell(error: unknown): number {
  if (error instanceof FedtempoError) {
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    return FAILED_RUN.includes(error.code) ? exitCodes.failedRun : exitCodes.badInput;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`fedtempo met a defect of its own; please report it with this text.\n${text}\n`);
  return exitCodes.failedRun;
}
