/**
 * The journal of an open round: one file an attempt, `journal/<round>-<attempt>.wal`. It begins with what the round is, then
 * holds every update that was accepted, and ends with why the round was closed. What is not wholly on disk was not
 * acknowledged, so a torn tail is cut off; damage before the tail is refused.
 *
 * A record is `u32 header bytes | u32 tensor bytes | msgpack header | tensor | SHA-256`, little-endian. The hash is over the
 * header and the SHA-256 of the tensor, which is known already.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { Packr } from 'msgpackr';
import { FedtempoError } from '../../shared/errors.js';
import type { Update } from '../../shared/training/reply.js';
import { failpoint } from '../failpoint.js';
import { syncDirectory } from '../store/durable.js';
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

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
const NO_TENSOR = new Uint8Array(0);
const HASH_BYTES = 32;
/** A cohort of a million clients; anything longer is damage. */
const MAX_HEADER_BYTES = 32 * 1024 * 1024;

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

  #write(header: RecordHeader, tensor: Uint8Array = NO_TENSOR, digest = sha256(NO_TENSOR).toString('hex')): void {
    const packed = packr.pack(header);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(packed.length, 0);
    lengths.writeUInt32LE(tensor.length, 4);
    const parts = [lengths, packed, tensor, hashOf(packed, digest)];
    writeWhole(this.#file, parts);
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
    const { header, tensor } = record;
    if (header.type === 'open') {
      const { type: _, ...rest } = header;
      opening = rest;
    }
    if (header.type === 'close') closing = header.closing;
    if (header.type === 'update') updates.push({ sent: header.sent, digest: header.digest, tensor: floatsOf(tensor) });
    at = record.end;
  }
  // A torn tail is the last write; a whole record behind it means that the file was damaged later.
  if (wholeRecordBehind(bytes, at)) {
    throw new FedtempoError('JOURNAL_INVALID', 'the journal of a round is damaged', {
      where: path,
      found: `bytes that are no record at ${at}, and whole records behind them`,
      expected: 'records one behind the other',
      fix: 'bring back the file from a copy; without it, remove it and the round is asked for again from all clients',
    });
  }
  const content = opening === undefined ? undefined : { opening, updates, closing };
  return { content, soundBytes: at };
}

function recordAt(bytes: Buffer, at: number): { header: RecordHeader; tensor: Uint8Array; end: number } | undefined {
  if (bytes.length - at < 8) return undefined;
  const [headerBytes, tensorBytes] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  const end = at + 8 + headerBytes + tensorBytes + HASH_BYTES;
  if (headerBytes === 0 || headerBytes > MAX_HEADER_BYTES || end > bytes.length) return undefined;
  const packed = bytes.subarray(at + 8, at + 8 + headerBytes);
  const tensor = bytes.subarray(at + 8 + headerBytes, end - HASH_BYTES);
  if (!hashOf(packed, sha256(tensor).toString('hex')).equals(bytes.subarray(end - HASH_BYTES, end))) return undefined;
  return { header: packr.unpack(packed) as RecordHeader, tensor, end };
}

/** Whether a record begins somewhere behind a place that none begins at: by its lengths, and then by its hash. */
function wholeRecordBehind(bytes: Buffer, at: number): boolean {
  const headerBytes = bytes.length - at < 8 ? 0 : bytes.readUInt32LE(at);
  const tensorBytes = headerBytes === 0 ? 0 : bytes.readUInt32LE(at + 4);
  const next = at + 8 + headerBytes + tensorBytes + HASH_BYTES;
  return headerBytes > 0 && next < bytes.length && recordAt(bytes, next) !== undefined;
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function hashOf(packed: Uint8Array, tensorDigest: string): Buffer {
  return createHash('sha256').update(packed).update(tensorDigest).digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function writeWhole(file: number, parts: readonly Uint8Array[]): void {
  let left = parts.filter((part) => part.length > 0);
  while (left.length > 0) {
    let written = writevSync(file, left);
    const rest: Uint8Array[] = [];
    for (const part of left) {
      if (written >= part.length) written -= part.length;
      else {
        rest.push(part.subarray(written));
        written = 0;
      }
    }
    left = rest;
  }
}
