/**
 * One record of a journal: `u32 header bytes | u32 tensor bytes | u32 CRC-32 of both | msgpack header | tensor | SHA-256`,
 * little-endian. The hash is over the header and the SHA-256 of the tensor, which is known already. The lengths have a check of
 * their own: without it one wrong bit of them would make all that follows look like a write that was torn.
 */
import { createHash } from 'node:crypto';
import { writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';

export interface JournalRecord {
  readonly header: unknown;
  readonly tensor: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
const NO_TENSOR = new Uint8Array(0);
const PREFIX_BYTES = 12;
const HASH_BYTES = 32;
/** A cohort of a million clients; anything longer is damage. */
const MAX_HEADER_BYTES = 32 * 1024 * 1024;
/** What a disk writes or does not write is a multiple of it. */
const SECTOR_BYTES = 512;

/** @param digest SHA-256 of the tensor, in hexadecimal */
export function writeRecord(
  file: number,
  header: object,
  tensor: Uint8Array = NO_TENSOR,
  digest = sha256(tensor),
): void {
  const packed = packr.pack(header);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(packed.length, 0);
  prefix.writeUInt32LE(tensor.length, 4);
  prefix.writeUInt32LE(crc32(prefix.subarray(0, 8)), 8);
  writeWhole(file, [prefix, packed, tensor, hashOf(packed, digest)]);
}

/** The record that begins at a place; undefined if there is no whole one. */
export function recordAt(bytes: Buffer, at: number): JournalRecord | undefined {
  const lengths = lengthsAt(bytes, at);
  if (lengths === undefined || lengths.end > bytes.length) return undefined;
  const { headerBytes, end } = lengths;
  const begin = at + PREFIX_BYTES;
  const packed = bytes.subarray(begin, begin + headerBytes);
  const tensor = bytes.subarray(begin + headerBytes, end - HASH_BYTES);
  if (!hashOf(packed, sha256(tensor)).equals(bytes.subarray(end - HASH_BYTES, end))) return undefined;
  return { header: packr.unpack(packed), tensor, end };
}

/**
 * Whether what is no record at `at` was damaged after it was written, and not left so by a write that was cut short: lengths
 * that are all there and do not fit their check, or a whole record behind.
 */
export function isDamaged(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < PREFIX_BYTES) return false;
  const lengths = lengthsAt(bytes, at);
  if (lengths === undefined) return !isUnwritten(bytes, at);
  return recordAt(bytes, lengths.end) !== undefined;
}

function lengthsAt(bytes: Buffer, at: number): { headerBytes: number; end: number } | undefined {
  if (bytes.length - at < PREFIX_BYTES) return undefined;
  const [headerBytes, tensorBytes] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8)) return undefined;
  if (headerBytes === 0 || headerBytes > MAX_HEADER_BYTES) return undefined;
  return { headerBytes, end: at + PREFIX_BYTES + headerBytes + tensorBytes + HASH_BYTES };
}

/** Whether a sector of the lengths has never been written: after a power cut a file may have grown before its bytes came. */
function isUnwritten(bytes: Buffer, at: number): boolean {
  const end = at + PREFIX_BYTES;
  const border = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
  const zero = (from: number, to: number) => from < to && bytes.subarray(from, to).every((byte) => byte === 0);
  return zero(at, border) || zero(border, end);
}

function hashOf(packed: Uint8Array, tensorDigest: string): Buffer {
  return createHash('sha256').update(packed).update(tensorDigest).digest();
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
