/**
 * One error family for everything a person can put right.
 *
 * A `FedtempoError` has a stable code and says where it arose, what was found, what was expected and how to mend it.
 * Every code is listed in docs/protocol.md. Anything else that is thrown is a defect of ours and keeps its stack trace.
 */

/** Every code, with what it stands for. `docs/protocol.md` repeats this table; a test compares the two. */
export const errorCodes = {
  SCENARIO_MISSING: 'the scenario file cannot be read',
  SCENARIO_TOO_LARGE: 'the scenario file is larger than the limit',
  SCENARIO_SYNTAX: 'the scenario file is not YAML, or uses YAML aliases',
  SCENARIO_INVALID: 'a key or value of the scenario is unknown, of the wrong type or out of range',
  SCENARIO_CONTRADICTION: 'two values of the scenario cannot both hold',
  STUDY_MISSING: 'the study file cannot be read',
  STUDY_INVALID: 'the study file is not YAML, or a key or value of it is unknown, of the wrong type or out of range',
  STUDY_CONTRADICTION: 'two values of the study cannot both hold',
  TRIAL_FAILED: 'trials of a study ended without a result',
  OVERRIDE_INVALID: 'a --set override is not of the form path=value',
  SCHEDULE_INVALID: 'a schedule was given parameters it cannot work with',
  MODEL_INVALID: 'a model cannot be built from the given widths, activation or loss',
  DATASET_MISSING: 'a dataset file cannot be found or read',
  DATASET_INVALID: 'a dataset file is truncated, or its header does not agree with its content',
  PARTITION_INVALID: 'the examples cannot be divided as asked',
  DEVICES_INVALID: 'the device model cannot work: its trace is unreadable, or nobody is ever available',
  OUTPUT_UNWRITABLE: 'the run directory cannot be written',
  RUN_MISSING: 'the folder is not a run directory, or a file of it cannot be read',
  RUN_CHANGED: 'the scenario or the data of a run are not those it began with',
  CHECKPOINT_INVALID: 'a checkpoint is damaged, of another format, or of another model',
  RECORDS_INVALID: 'the records of a run are not those that its checkpoint belongs to',
  REPLAY_UNKNOWN: 'the round or client to replay is not one of the run, or has no update',
  REPLAY_DIFFERS: 'a replay came to other weights than the run recorded',
  ENROLMENT_INVALID: 'an enrolment folder, token or public key cannot be used',
  IDENTITY_INVALID: "a client's key cannot be read or made, or others could read it",
  TLS_INVALID: 'a certificate, key or fingerprint cannot be used',
  TLS_FAILED: 'a secure connection could not be made',
  SERVE_UNSAFE: 'the coordinator would be open to other machines without enrolment or TLS',
  JOIN_REFUSED: 'the coordinator refuses the client',
  LIMIT_INVALID: 'a limit of the wire is unknown or out of range',
  STORAGE_FAILED: 'the disk refused a write of the run',
  JOURNAL_INVALID: 'the journal of an open round is damaged or belongs to another run',
  PORT_UNAVAILABLE: 'the coordinator cannot listen on the address',
  PROTOCOL_MALFORMED: 'a frame or message does not have the form that the protocol states',
  CLIENTS_UNAVAILABLE: 'client processes did not come up, or too few of them are left',
  RUN_DIVERGED: 'no update of a round was finite and within range',
  RUN_BELOW_MINIMUM: 'too many rounds in a row had fewer replies than the minimum',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What an error says besides its summary. All parts are optional; none is a stack trace. */
export interface ErrorDetails {
  /** File, line and key, such as `a.yaml:12: data.partition.clients`. */
  readonly where?: string;
  readonly found?: string;
  readonly expected?: string;
  /** The way out: what a person does next. */
  readonly fix?: string;
}

/** An error that a person can put right. The message is complete; print it without the stack. */
export class FedtempoError extends Error {
  readonly code: ErrorCode;
  readonly summary: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}, cause?: unknown) {
    super(describe(summary, details), cause === undefined ? undefined : { cause });
    this.name = 'FedtempoError';
    this.code = code;
    this.summary = summary;
    this.details = details;
  }
}

function describe(summary: string, { where, found, expected, fix }: ErrorDetails): string {
  const lines = [where === undefined ? summary : `${where}: ${summary}`];
  if (found !== undefined) lines.push(`  found:    ${found}`);
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (fix !== undefined) lines.push(`  to mend:  ${fix}`);
  return lines.join('\n');
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
