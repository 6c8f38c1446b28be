/**
 * A checkpoint: all that a run needs to go on with the same bits, as one safetensors file. The model is in it by layer,
 * as any framework wants it; what the server keeps besides are further tensors and JSON in the metadata.
 *
 * The first entry of the metadata is the SHA-256 of the whole file with that entry as zeros. It stands at a fixed place
 * and is compared before anything is parsed: a file that was cut, or changed in any byte, goes no further.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import type { ModelLayout } from '../../shared/model/layout.js';
import { flatModel, modelTensors } from './model-tensors.js';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.js';

/** A change of this format changes the number; a file with another one is refused. */
export const CHECKPOINT_VERSION = 1;

/** Lines of the records that belong to a checkpoint. */
export interface RecordLines {
  /** Of rounds.jsonl. */
  readonly rounds: number;
  /** Of clients.jsonl. */
  readonly clients: number;
}

export interface CheckpointFacts {
  readonly name: string;
  readonly seed: number;
  /** Rounds done. */
  readonly rounds: number;
  /** SHA-256 of what matters of the scenario; see `scenarioDigest`. */
  readonly scenario: string;
  /** SHA-256 of the examples. */
  readonly dataset: string;
  readonly lines: RecordLines;
  /** Which generation of the client-state store belongs to it; null if clients keep nothing. */
  readonly clientState: string | null;
  /** The state of the server that is not tensors: plain JSON without NaN or infinities. */
  readonly state: unknown;
}

export interface Checkpoint extends CheckpointFacts {
  /** The model by layer, and the state of the server that is tensors (`state.velocity` and the like). */
  readonly tensors: Tensors;
}

const ZEROS = '0'.repeat(64);
const BEFORE_DIGEST = '{"__metadata__":{"sha256":"';
const DIGEST_AT = 8 + BEFORE_DIGEST.length;
const DIGEST_END = DIGEST_AT + ZEROS.length;

const hexDigest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const counted = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});
const metadataSchema = z.object({
  name: z.string(),
  seed: counted,
  rounds: counted,
  scenario: hexDigest,
  dataset: hexDigest,
  lines: json.pipe(z.strictObject({ rounds: count, clients: count })),
  clientState: json.pipe(z.string().nullable()),
  state: json,
});

/** @throws RangeError for a state that JSON would not give back */
export function encodeCheckpoint(
  facts: CheckpointFacts,
  layout: ModelLayout,
  weights: Float32Array,
  further: Tensors = new Map(),
): Buffer {
  const metadata = {
    sha256: ZEROS,
    format: 'fedtempo-checkpoint',
    version: String(CHECKPOINT_VERSION),
    name: facts.name,
    seed: String(facts.seed),
    rounds: String(facts.rounds),
    scenario: facts.scenario,
    dataset: facts.dataset,
    lines: JSON.stringify(facts.lines),
    clientState: JSON.stringify(facts.clientState),
    state: JSON.stringify(facts.state, finite),
  };
  return seal(encodeSafetensors({ metadata, tensors: new Map([...modelTensors(layout, weights), ...further]) }));
}

/** Writes the digest into a file that begins as checkpoints do. */
export function seal(file: Buffer): Buffer {
  file.write(digestOf(file), DIGEST_AT, 'latin1');
  return file;
}

/**
 * @param file its name, for errors
 * @throws FedtempoError CHECKPOINT_INVALID
 */
export function readCheckpoint(bytes: Uint8Array, file: string): Checkpoint {
  const invalid = (summary: string, found: string, expected: string) =>
    new FedtempoError('CHECKPOINT_INVALID', summary, { where: file, found, expected });
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (bytes.length < DIGEST_END || text(8, DIGEST_AT) !== BEFORE_DIGEST) {
    throw invalid('the file is no whole checkpoint', `${bytes.length} bytes that do not begin as one`, 'a checkpoint');
  }
  const [stated, actual] = [text(DIGEST_AT, DIGEST_END), digestOf(bytes)];
  if (stated !== actual) {
    const found = `${bytes.length} bytes with SHA-256 ${actual}`;
    throw invalid(
      'the checkpoint is damaged: it is not as it was written',
      found,
      `SHA-256 ${stated.replace(/[^0-9a-f]/g, '?')}`,
    );
  }
  try {
    const { metadata, tensors } = decodeSafetensors(bytes);
    if (metadata.version !== String(CHECKPOINT_VERSION)) {
      const found = `version ${String(metadata.version).slice(0, 20)}`;
      throw invalid('the checkpoint has another format', found, `version ${CHECKPOINT_VERSION}`);
    }
    return { ...metadataSchema.parse(metadata), tensors };
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    throw invalid('the checkpoint does not hold what one must', describe(error), 'what this version writes');
  }
}

/** The global weights [p] of a checkpoint. @throws FedtempoError CHECKPOINT_INVALID if they are of another model */
export function weightsOf({ tensors }: Checkpoint, layout: ModelLayout): Float32Array {
  try {
    return flatModel(layout, tensors);
  } catch (error) {
    throw new FedtempoError('CHECKPOINT_INVALID', 'the checkpoint is of another model', {
      found: messageOf(error),
      expected: `the ${layout.parameters} parameters of the scenario's model`,
    });
  }
}

function digestOf(file: Uint8Array): string {
  const hash = createHash('sha256');
  return hash.update(file.subarray(0, DIGEST_AT)).update(ZEROS).update(file.subarray(DIGEST_END)).digest('hex');
}

/** JSON would turn a number that is none into null, and the run would go on from that. */
function finite(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new RangeError(`${key} is ${value}, which a checkpoint cannot hold`);
}

function describe(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error).slice(0, 200);
  const [{ path, message }] = error.issues;
  return `metadata.${path.join('.')}: ${message}`.slice(0, 200);
}
