/** File writes that survive a crash: a file is there whole or not at all, lines are on disk once they were synced. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type FailpointName, failpoint } from '../failpoint.js';

/** Places of a write where a test can end the process or make the disk fail. */
export interface WritePoints {
  readonly write: FailpointName;
  readonly sync: FailpointName;
  readonly written: FailpointName;
  readonly rename: FailpointName;
  readonly renamed: FailpointName;
}

const pass = (name: FailpointName | undefined) => name !== undefined && failpoint(name);

/** Writes a file by way of a temporary one: write, fsync, rename, fsync the directory. */
export function writeDurably(path: string, content: string | Uint8Array, points?: WritePoints): void {
  const temporary = writeTemporary(path, content, { points });
  pass(points?.rename);
  renameSync(temporary, path);
  syncDirectory(dirname(path));
  pass(points?.renamed);
}

/** Does the same, having renamed the file that is there to `before`: at every moment one of the two is whole. */
export function replaceDurably(path: string, content: string | Uint8Array, before: string, points?: WritePoints): void {
  const temporary = writeTemporary(path, content, { points });
  pass(points?.rename);
  try {
    renameSync(path, before);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
  pass(points?.renamed);
}

/**
 * Writes a file that must be new: of several processes one succeeds, and a crash leaves it whole or not there.
 *
 * @returns whether it was this call
 */
export function createDurably(path: string, content: string | Uint8Array): boolean {
  const temporary = writeTemporary(path, content, { temporary: `${path}.${randomUUID()}.tmp` });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
  return true;
}

/** Removes a file, if it is there, for good. */
export function removeDurably(path: string): void {
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

function writeTemporary(
  path: string,
  content: string | Uint8Array,
  { temporary = `${path}.tmp`, points }: { temporary?: string; points?: WritePoints | undefined },
): string {
  pass(points?.write);
  const file = openSync(temporary, 'w');
  try {
    writeAll(file, content);
    pass(points?.sync);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  pass(points?.written);
  return temporary;
}

/**
 * Cuts a file behind its first `lines` lines. Cutting takes effect at once or not at all, so it needs no copy.
 *
 * @returns the lines that the file had before, a torn last one not counted, or `lines` if it has more; nothing is cut
 *   where there are fewer
 */
export function cutLines(path: string, lines: number): number {
  const file = openSync(path, 'a+');
  try {
    const chunk = Buffer.alloc(1 << 20);
    let [found, offset] = [0, 0];
    while (found < lines) {
      const bytes = readSync(file, chunk, 0, chunk.length, offset);
      if (bytes === 0) return found;
      const part = chunk.subarray(0, bytes);
      let at = 0;
      for (; at < bytes && found < lines; found++) {
        const newline = part.indexOf(0x0a, at);
        if (newline < 0) break;
        at = newline + 1;
      }
      offset += found < lines ? bytes : at;
    }
    ftruncateSync(file, offset);
    fsyncSync(file);
    return found;
  } finally {
    closeSync(file);
  }
}

/** The lines of a file, a torn last one left out; in parts, since files of records may be larger than memory. */
export function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    for (;;) {
      const bytes = readSync(file, chunk, 0, chunk.length, null);
      if (bytes === 0) return;
      const part = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      let at = 0;
      for (let end = part.indexOf(0x0a); end >= 0; end = part.indexOf(0x0a, at)) {
        yield part.toString('utf8', at, end);
        at = end + 1;
      }
      rest = part.subarray(at);
    }
  } finally {
    closeSync(file);
  }
}

/** A file to which whole lines are added. The end of the process does not lose them; the end of the machine may, until `sync`. */
export class LineFile {
  readonly #file: number;
  #dirty = false;
  #syncing = false;
  #closing = false;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
    syncDirectory(dirname(path));
  }

  append(records: readonly object[]): void {
    if (records.length === 0) return;
    writeAll(this.#file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    this.#dirty = true;
  }

  /** Returns when all lines are on disk. */
  sync(): void {
    if (this.#dirty) fdatasyncSync(this.#file);
    this.#dirty = false;
  }

  /** Resolves when the lines that were added before are on disk; the thread does other things meanwhile. One at a time. */
  syncMeanwhile(): Promise<void> {
    this.#syncing = true;
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        this.#syncing = false;
        if (this.#closing) closeSync(this.#file);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    try {
      this.sync();
    } finally {
      this.#closing = true;
      // A file that is being synced is closed afterwards: its number could be another file's by then.
      if (!this.#syncing) closeSync(this.#file);
    }
  }
}

function writeAll(file: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Makes a rename or a new file in a directory durable. Windows cannot open a directory; there it is left out. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
