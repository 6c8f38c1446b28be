/**
 * A file of slots of one size. A slot is written once and then only read until nobody refers to it any more; only then is
 * it used again. So whatever a checkpoint refers to stays as it was, even if the process is killed in the middle of a write.
 */
import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';

/** Where values are, and the SHA-256 of their bytes. */
export interface Slot {
  readonly slot: number;
  readonly digest: Buffer;
}

export class SlotFile {
  readonly #file: number;
  readonly #slotBytes: number;
  /** By slot: how often it is referred to. */
  readonly #references: number[] = [];
  readonly #free: number[] = [];

  /** @param fresh whether to begin with an empty file; otherwise one must be there */
  constructor(path: string, slotBytes: number, fresh: boolean) {
    this.#file = openSync(path, fresh ? 'w+' : 'r+');
    this.#slotBytes = slotBytes;
  }

  /** Writes values into a free slot, which is then referred to once. */
  write(values: Float32Array): Slot {
    const slot = this.#free.pop() ?? this.#references.push(0) - 1;
    const bytes = bytesOf(values);
    const start = slot * this.#slotBytes;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at, start + at);
    this.#references[slot] = 1;
    return { slot, digest: sha256(bytes) };
  }

  /** @throws RangeError if the slot does not hold the bytes of this digest any more */
  read({ slot, digest }: Slot, values: Float32Array): void {
    const bytes = bytesOf(values);
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#file, bytes, at, bytes.length - at, slot * this.#slotBytes + at);
      if (count === 0) throw new RangeError(`the file ends within slot ${slot}`);
      at += count;
    }
    if (!sha256(bytes).equals(digest)) throw new RangeError(`slot ${slot} has other bytes than were written`);
  }

  /** Refers to a slot once more. A slot that the file has not used yet is one of a file that is opened again. */
  retain(slot: number): void {
    while (this.#references.length <= slot) this.#references.push(0);
    this.#references[slot] += 1;
  }

  /** After all slots in use were retained: those between them are free. */
  collectFree(): void {
    this.#free.length = 0;
    this.#references.forEach((count, slot) => {
      if (count === 0) this.#free.push(slot);
    });
  }

  release(slot: number): void {
    this.#references[slot] -= 1;
    if (this.#references[slot] === 0) this.#free.push(slot);
  }

  /** Everything written is on disk when this returns. */
  sync(): void {
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
