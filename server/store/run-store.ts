/** The run directory: scenario and manifest at the start, a line for each round and reply, checkpoint, summary at the end. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { failpoint } from '../failpoint.js';
import type { Checkpoint, RecordLines } from './checkpoint.js';
import { CheckpointFiles, type LoadedCheckpoint } from './checkpoint-files.js';
import { cutLines, LineFile, writeDurably } from './durable.js';
import { lockFolder } from './folder-lock.js';
import { invalid, readRounds } from './read-records.js';
import type { ClientRecord, KeptRecord, RoundRecord, Summary } from './records.js';
import { isDiskTrouble, onDisk, storageFailed } from './storage-failed.js';

/**
 * How much of a run a power failure may take with it. A round that is lost is done again, to the same bits, and waiting
 * for the disk after each would take longer than a small round.
 */
const SYNC_EVERY_MS = 1000;

export interface RunStoreOptions {
  /** The folder that holds run directories. */
  readonly out: string;
  /** The run directory itself, where it has a name of its own; there must be no run in it yet. */
  readonly directory?: string | undefined;
  readonly name: string;
  readonly seed: number;
  readonly startedAt: Date;
  /** The resolved scenario, as YAML. */
  readonly scenarioText: string;
  readonly manifest: object;
}

export interface ReopenedRun extends LoadedCheckpoint {
  readonly store: RunStore;
  /** The rounds that were done; all others are cut off. */
  readonly rounds: KeptRecord[];
}

export class RunStore {
  /** Absolute path. */
  readonly directory: string;
  readonly #unlock: () => void;
  readonly #rounds: LineFile;
  readonly #clients: LineFile;
  readonly #checkpoints: CheckpointFiles;
  #lines: RecordLines;
  #syncedAt = performance.now();

  private constructor(directory: string, unlock: () => void, checkpoints: CheckpointFiles, lines: RecordLines) {
    this.directory = directory;
    this.#unlock = unlock;
    this.#checkpoints = checkpoints;
    this.#lines = lines;
    this.#rounds = new LineFile(join(directory, 'rounds.jsonl'));
    this.#clients = new LineFile(join(directory, 'clients.jsonl'));
  }

  /** Makes `out/<name>-<seed>-<time>/`. @throws FedtempoError OUTPUT_UNWRITABLE; STORAGE_FAILED if the disk is full or broken */
  static create({ out, directory: own, name, seed, startedAt, scenarioText, manifest }: RunStoreOptions): RunStore {
    const time = startedAt.toISOString().replace(/[:.]/g, '').replace('T', '-').slice(0, 17);
    let unlock = () => {};
    try {
      const directory = own === undefined ? freshDirectory(resolve(out), `${name}-${seed}-${time}`) : resolve(own);
      mkdirSync(directory, { recursive: true });
      unlock = lockFolder(directory, 'run');
      writeDurably(join(directory, 'scenario.yaml'), scenarioText);
      writeJson(directory, 'manifest.json', manifest);
      return new RunStore(directory, unlock, new CheckpointFiles(directory, true), { rounds: 0, clients: 0 });
    } catch (error) {
      unlock();
      if (error instanceof FedtempoError) throw error;
      if (isDiskTrouble(error)) throw storageFailed(error, own ?? out);
      throw new FedtempoError('OUTPUT_UNWRITABLE', 'the run directory cannot be written', {
        where: '--out',
        found: messageOf(error),
        expected: 'a folder in which this user may create files',
        fix: 'choose another folder with --out FOLDER, or set FEDTEMPO_OUT',
      });
    }
  }

  /**
   * Takes the directory of a run that did not end, and cuts its records back to its newest whole checkpoint.
   *
   * @param accept may refuse what is there, checkpoint and rounds done, by throwing before anything is changed
   * @param open takes up what belongs to a checkpoint besides its file; see `CheckpointFiles.load`
   * @throws FedtempoError OUTPUT_UNWRITABLE, CHECKPOINT_INVALID, RECORDS_INVALID, STORAGE_FAILED
   */
  static reopen(
    directory: string,
    accept: (checkpoint: Checkpoint | undefined, rounds: readonly KeptRecord[]) => void,
    open?: (checkpoint: Checkpoint) => void,
  ): ReopenedRun {
    const unlock = lockFolder(directory, 'run');
    try {
      const checkpoints = new CheckpointFiles(directory, false);
      const { checkpoint, refused } = checkpoints.load(open);
      const lines = checkpoint?.lines ?? { rounds: 0, clients: 0 };
      const rounds = readRounds(join(directory, 'rounds.jsonl'), lines.rounds);
      accept(checkpoint, rounds);
      for (const name of ['clients', 'rounds'] as const) {
        const file = join(directory, `${name}.jsonl`);
        const found = cutLines(file, lines[name]);
        if (found < lines[name]) throw invalid(file, `${found} lines`, `the ${lines[name]} of its checkpoint`);
      }
      rmSync(join(directory, 'summary.json'), { force: true });
      return { store: new RunStore(directory, unlock, checkpoints, lines), checkpoint, refused, rounds };
    } catch (error) {
      unlock();
      throw storageFailed(error, directory);
    }
  }

  /** Lines written so far; a checkpoint says which ones belong to it. */
  get lines(): RecordLines {
    return this.#lines;
  }

  /** Replies first, the round last: a round whose line is there is complete. */
  appendRound(round: RoundRecord, clients: readonly ClientRecord[]): void {
    onDisk(this.directory, () => {
      failpoint('records.write');
      this.#clients.append(clients);
      this.#rounds.append([round]);
      if (performance.now() - this.#syncedAt > SYNC_EVERY_MS) this.#sync();
    });
    this.#lines = { rounds: this.#lines.rounds + 1, clients: this.#lines.clients + clients.length };
  }

  /** Saves a checkpoint and keeps the one before it. The lines that belong to it are on disk before it is. */
  checkpoint(bytes: Uint8Array): void {
    onDisk(this.directory, () => {
      this.#sync();
      this.#checkpoints.save(bytes);
    });
  }

  #sync(): void {
    failpoint('records.sync');
    this.#clients.sync();
    this.#rounds.sync();
    this.#syncedAt = performance.now();
  }

  manifest(manifest: object): void {
    onDisk(this.directory, () => writeJson(this.directory, 'manifest.json', manifest));
  }

  finish(summary: Summary): void {
    onDisk(this.directory, () => writeJson(this.directory, 'summary.json', summary));
  }

  /**
   * Lets go of the directory. Does not throw: what must be on disk was synced before, a disk that failed was told of by
   * whoever met it first, and the lock of a process that is gone holds nobody.
   */
  close(): void {
    for (const step of [() => this.#rounds.close(), () => this.#clients.close(), this.#unlock]) {
      try {
        step();
      } catch {}
    }
  }
}

function writeJson(directory: string, name: string, value: object): void {
  writeDurably(join(directory, name), `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Makes the directory; a second run within the same second gets a number behind its name. */
function freshDirectory(out: string, name: string): string {
  mkdirSync(out, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const directory = join(out, attempt === 1 ? name : `${name}-${attempt}`);
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
