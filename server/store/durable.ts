/** File writes that survive a crash: a file is there whole or not at all, a line is on disk when the call returns. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file by way of a temporary one: write, fsync, rename, fsync the directory. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeAll(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** A file to which whole lines are added, each batch on disk when `append` returns. */
export class LineFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
    syncDirectory(dirname(path));
  }

  append(records: readonly object[]): void {
    if (records.length === 0) return;
    writeAll(this.#file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function writeAll(file: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Makes a rename or a new file in a directory durable. Windows cannot open a directory; there it is left out. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
