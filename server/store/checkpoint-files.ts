/**
 * The newest checkpoint of a run and the one before it. At every moment at least one of the two files is whole: the new
 * one is written beside them and on disk before it takes the place of the newest, which became the one before.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { replaceDurably, type WritePoints, writeDurably } from './durable.js';

export const checkpointFiles = { newest: 'checkpoint.safetensors', before: 'checkpoint.previous.safetensors' } as const;

const points: WritePoints = {
  write: 'checkpoint.write',
  sync: 'checkpoint.sync',
  written: 'checkpoint.written',
  rename: 'checkpoint.rename',
  renamed: 'checkpoint.renamed',
};

export interface LoadedCheckpoint {
  /** Undefined if there is none yet. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was wrong with the newest one, if the one before is used in its place. */
  readonly refused: FedtempoError | undefined;
}

export class CheckpointFiles {
  readonly #newest: string;
  readonly #before: string;
  /** A newest one that is damaged must not take the place of a good one before it. */
  #keepsNewest: boolean;

  /** @param fresh whether the directory is a new run's; otherwise `load` before anything is saved */
  constructor(directory: string, fresh: boolean) {
    this.#newest = join(directory, checkpointFiles.newest);
    this.#before = join(directory, checkpointFiles.before);
    this.#keepsNewest = fresh;
  }

  save(bytes: Uint8Array): void {
    if (this.#keepsNewest) replaceDurably(this.#newest, bytes, this.#before, points);
    else writeDurably(this.#newest, bytes, points);
    this.#keepsNewest = true;
  }

  /** Those that are whole, the newest first. */
  whole(): Checkpoint[] {
    return [tryRead(this.#newest), tryRead(this.#before)].flatMap(({ checkpoint }) => checkpoint ?? []);
  }

  /**
   * The newest checkpoint that is whole.
   *
   * @param open takes up what belongs to a checkpoint besides its file; one for which it throws CHECKPOINT_INVALID counts
   *   as damaged
   * @throws FedtempoError CHECKPOINT_INVALID if there are files and none of them is; what else `open` throws
   */
  load(open: (checkpoint: Checkpoint) => void = () => {}): LoadedCheckpoint {
    const newest = tryRead(this.#newest, open);
    this.#keepsNewest = newest.checkpoint !== undefined;
    if (newest.checkpoint !== undefined) return { checkpoint: newest.checkpoint, refused: undefined };
    const before = tryRead(this.#before, open);
    const { checkpoint } = before;
    if (checkpoint !== undefined) {
      const fix = `nothing: ${checkpointFiles.before}, of ${checkpoint.rounds} rounds, is used in its place`;
      return { checkpoint, refused: newest.error && withFix(newest.error, fix) };
    }
    const error = newest.error ?? before.error;
    if (error === undefined) return { checkpoint: undefined, refused: undefined };
    throw withFix(error, 'run the scenario again: fedtempo run scenario.yaml, the one of the run directory');
  }
}

/** Neither is there if the file is not. */
function tryRead(
  file: string,
  open: (checkpoint: Checkpoint) => void = () => {},
): { checkpoint?: Checkpoint; error?: FedtempoError } {
  try {
    const checkpoint = readCheckpoint(readFileSync(file), file);
    open(checkpoint);
    return { checkpoint };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (error instanceof FedtempoError && error.code !== 'CHECKPOINT_INVALID') throw error;
    if (error instanceof FedtempoError) return { error };
    const details = { where: file, found: messageOf(error), expected: 'a file that can be read' };
    return { error: new FedtempoError('CHECKPOINT_INVALID', 'the checkpoint cannot be read', details) };
  }
}

function withFix(error: FedtempoError, fix: string): FedtempoError {
  return new FedtempoError(error.code, error.summary, { ...error.details, fix }, error);
}
