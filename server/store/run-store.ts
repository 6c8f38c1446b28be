/** The run directory: scenario and manifest at the start, a line for each round and reply, checkpoint, summary at the end. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { LineFile, writeDurably } from './durable.js';
import type { ClientRecord, RoundRecord, Summary } from './records.js';

export interface RunStoreOptions {
  /** The folder that holds run directories. */
  readonly out: string;
  readonly name: string;
  readonly seed: number;
  readonly startedAt: Date;
  /** The resolved scenario, as YAML. */
  readonly scenarioText: string;
  readonly manifest: object;
}

export class RunStore {
  /** Absolute path. */
  readonly directory: string;
  readonly #rounds: LineFile;
  readonly #clients: LineFile;

  private constructor(directory: string) {
    this.directory = directory;
    this.#rounds = new LineFile(join(directory, 'rounds.jsonl'));
    this.#clients = new LineFile(join(directory, 'clients.jsonl'));
  }

  /** Makes `out/<name>-<seed>-<time>/`. @throws FedtempoError OUTPUT_UNWRITABLE */
  static create({ out, name, seed, startedAt, scenarioText, manifest }: RunStoreOptions): RunStore {
    const time = startedAt.toISOString().replace(/[:.]/g, '').replace('T', '-').slice(0, 17);
    try {
      const directory = freshDirectory(resolve(out), `${name}-${seed}-${time}`);
      writeDurably(join(directory, 'scenario.yaml'), scenarioText);
      writeDurably(join(directory, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
      return new RunStore(directory);
    } catch (error) {
      throw new FedtempoError('OUTPUT_UNWRITABLE', 'the run directory cannot be written', {
        where: '--out',
        found: messageOf(error),
        expected: 'a folder in which this user may create files',
        fix: 'choose another folder with --out FOLDER, or set FEDTEMPO_OUT',
      });
    }
  }

  /** Replies first, the round last: a round whose line is there is complete. */
  appendRound(round: RoundRecord, clients: readonly ClientRecord[]): void {
    this.#clients.append(clients);
    this.#rounds.append([round]);
  }

  checkpoint(model: Uint8Array): void {
    writeDurably(join(this.directory, 'checkpoint.safetensors'), model);
  }

  finish(summary: Summary): void {
    writeDurably(join(this.directory, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
    this.#rounds.close();
    this.#clients.close();
  }
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
