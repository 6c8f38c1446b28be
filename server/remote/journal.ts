/**
 * The journal of an open round: one file an attempt, `journal/<round>-<attempt>.wal`. It begins with what the round is, then
 * holds every update that was accepted, and ends with why the round was closed. What is not wholly on disk was not
 * acknowledged, so a torn tail is cut off; damage before the tail is refused. See journal-record.ts for the bytes.
 */
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { FedtempoError } from '../../shared/errors.js';
import type { Update } from '../../shared/training/reply.js';
import { failpoint } from '../failpoint.js';
import { syncDirectory } from '../store/durable.js';
import { isDamaged, recordAt, writeRecord } from './journal-record.js';
import type { Instant } from './steady-clock.js';

/** What a round is, as its journal begins. */
export interface Opening {
  readonly run: string;
  /** 0-based. */
  readonly round: number;
  /** 0-based; a round that was abandoned is tried again. */
  readonly attempt: number;
  readonly nonce: string;
  /** Who was selected, ascending. */
  readonly selected: readonly number[];
  /** Who of them is asked to train: all but those whom a fault of the scenario silences. */
  readonly cohort: readonly number[];
  /** n_k of those who are asked, in their order. */
  readonly sizes: readonly number[];
  /** Replies that close the round; the first ones count. */
  readonly quota: number;
  readonly openedAt: Instant;
  readonly deadlineMs: number;
}

/** An update as it was sent, but for its tensor. */
export type Sent = Omit<Update, 'kind' | 'delta' | 'stateChange'>;

/** Why no more updates are taken. */
export type Closing = 'complete' | 'quota' | 'deadline' | 'lost';

type RecordHeader =
  | ({ readonly type: 'open' } & Opening)
  | { readonly type: 'update'; readonly sent: Sent; readonly digest: string }
  | { readonly type: 'close'; readonly closing: Closing };

export interface JournalContent {
  readonly opening: Opening;
  /** In the order in which they were accepted. */
  readonly updates: readonly { readonly sent: Sent; readonly digest: string; readonly tensor: Float32Array }[];
  /** Undefined while the round is open. */
  readonly closing: Closing | undefined;
}

export class Journal {
  readonly opening: Opening;
  readonly #file: number;

  private constructor(file: number, opening: Opening) {
    this.#file = file;
    this.opening = opening;
  }

  /** Begins the journal of a round; it is on disk when this returns. */
  static begin(folder: string, opening: Opening): Journal {
    mkdirSync(folder, { recursive: true });
    failpoint('journal.open');
    const file = openSync(pathOf(folder, opening), 'w');
    const journal = new Journal(file, opening);
    journal.#write({ type: 'open', ...opening });
    fdatasyncSync(file);
    syncDirectory(folder);
    failpoint('journal.opened');
    return journal;
  }

  /** Goes on with a journal that was read before: what comes is written behind what was sound. */
  static resume(folder: string, { opening }: JournalContent): Journal {
    const path = pathOf(folder, opening);
    const { soundBytes } = read(path);
    const file = openSync(path, 'r+');
    ftruncateSync(file, soundBytes);
    closeSync(file);
    return new Journal(openSync(path, 'a'), opening);
  }

  /** Writes an update; it counts once `sync` has returned. @param digest SHA-256 of the tensor, in hexadecimal */
  append(sent: Sent, digest: string, tensor: Uint8Array): void {
    failpoint('journal.write');
    this.#write({ type: 'update', sent, digest }, tensor, digest);
    failpoint('journal.written');
  }

  sync(): void {
    failpoint('journal.sync');
    fdatasyncSync(this.#file);
    failpoint('journal.synced');
  }

  /** Ends the journal; on disk when this returns. */
  end(closing: Closing): void {
    failpoint('round.closing');
    this.#write({ type: 'close', closing });
    fdatasyncSync(this.#file);
    failpoint('round.closed');
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(header: RecordHeader, tensor?: Uint8Array, digest?: string): void {
    writeRecord(this.#file, header, tensor, digest);
  }
}

/** The journals of a folder, by round and attempt. @throws FedtempoError JOURNAL_INVALID */
export function readJournals(folder: string): JournalContent[] {
  return namesIn(folder)
    .map((name) => read(join(folder, name)).content)
    .filter((content) => content !== undefined)
    .sort((a, b) => a.opening.round - b.opening.round || a.opening.attempt - b.opening.attempt);
}

/** Removes the journals of rounds before `round`, and of attempts before `attempt` at it. */
export function dropJournals(folder: string, round: number, attempt = 0): void {
  const gone = namesIn(folder).filter((name) => {
    const [ofRound, ofAttempt] = name.split(/[-.]/).map(Number);
    return isBefore({ round: ofRound, attempt: ofAttempt }, round, attempt);
  });
  for (const name of gone) rmSync(join(folder, name), { force: true });
  if (gone.length > 0) failpoint('journal.dropped');
}

export function isBefore(one: Pick<Opening, 'round' | 'attempt'>, round: number, attempt: number): boolean {
  return one.round < round || (one.round === round && one.attempt < attempt);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+-\d+\.wal$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function pathOf(folder: string, { round, attempt }: Pick<Opening, 'round' | 'attempt'>): string {
  return join(folder, `${String(round).padStart(7, '0')}-${attempt}.wal`);
}

/** Content is undefined if not even the beginning was written: nobody has heard of the round then. */
function read(path: string): { content: JournalContent | undefined; soundBytes: number } {
  const bytes = readFileSync(path);
  const updates: JournalContent['updates'][number][] = [];
  let opening: Opening | undefined;
  let closing: Closing | undefined;
  let at = 0;
  for (let record = recordAt(bytes, at); record !== undefined; record = recordAt(bytes, at)) {
    const { tensor } = record;
    const header = record.header as RecordHeader;
    if (header.type === 'open') {
      const { type: _, ...rest } = header;
      opening = rest;
    }
    if (header.type === 'close') closing = header.closing;
    if (header.type === 'update') updates.push({ sent: header.sent, digest: header.digest, tensor: floatsOf(tensor) });
    at = record.end;
  }
  if (isDamaged(bytes, at)) {
    throw new FedtempoError('JOURNAL_INVALID', 'the journal of a round is damaged', {
      where: path,
      found: `bytes at ${at} that are no record, and no write that was cut short`,
      expected: 'records one behind the other',
      fix: 'bring back the file from a copy; without it, remove it and the round is asked for again from all clients',
    });
  }
  const content = opening === undefined ? undefined : { opening, updates, closing };
  return { content, soundBytes: at };
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
