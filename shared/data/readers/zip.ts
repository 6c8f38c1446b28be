/**
 * ZIP archives (PKWARE APPNOTE 6.3), as far as .npz files use them: entries stored or deflated, no encryption, no ZIP64
 * directory. The central directory says what there is; an entry is unpacked only when it is asked for, after its
 * declared size was compared with the limit, and its CRC-32 is compared then.
 */
import { inflateSync } from 'fflate';
import { messageOf } from '../../errors.js';
import { unsound } from './table.js';

const END_BYTES = 22;
const END = 0x06054b50;
const ENTRY_BYTES = 46;
const ENTRY = 0x02014b50;
const LOCAL_BYTES = 30;
const LOCAL = 0x04034b50;
/** A comment of at most 65,535 bytes may follow the end record. */
const FURTHEST_END = END_BYTES + 65_535;
const SOUND_COPY = 'save the file again with numpy.savez or numpy.savez_compressed; this copy is not sound';

/** What the directory claims of an entry. */
export interface ZipEntry {
  readonly name: string;
  /** Size once unpacked, in bytes. */
  readonly size: number;
  readonly packedSize: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  /** Whether it is encrypted. */
  readonly encrypted: boolean;
  /** Place of its local header. */
  readonly offset: number;
}

/** The entries of an archive, by the directory at its end. @throws FedtempoError DATASET_INVALID */
export function zipEntries(bytes: Uint8Array, where: string): ZipEntry[] {
  const view = viewOf(bytes);
  const end = findEnd(view);
  if (end === undefined) {
    throw unsound(
      where,
      'not a ZIP archive',
      `${bytes.length} bytes without its end record`,
      'a whole .npz file',
      SOUND_COPY,
    );
  }
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY) throw broken(where, `entry ${index + 1}`);
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw broken(where, `entry ${index + 1}`);
    entries.push({
      name: String.fromCharCode(...bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + Math.min(nameBytes, 256))),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at = next;
  }
  return entries;
}

/**
 * The bytes of an entry; a view where it is stored.
 *
 * @param maxBytes most that it may have once unpacked
 * @throws FedtempoError DATASET_INVALID
 */
export function unzipEntry(bytes: Uint8Array, entry: ZipEntry, maxBytes: number, where: string): Uint8Array {
  const { size, packedSize, method, crc, encrypted, offset } = entry;
  if (size > maxBytes) {
    const fix = 'use a smaller dataset: all of it is held in memory';
    throw unsound(where, 'the array is too large', `${size} bytes once unpacked`, `at most ${maxBytes} bytes`, fix);
  }
  if (encrypted || (method !== 0 && method !== 8)) {
    const found = encrypted ? 'an encrypted entry' : `compression method ${method}`;
    throw unsound(where, 'an entry of another kind', found, 'stored (0) or deflated (8)', SOUND_COPY);
  }
  const view = viewOf(bytes);
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== LOCAL) throw broken(where, 'its header');
  const start = offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packedSize > bytes.length) throw broken(where, 'its content');
  const packed = bytes.subarray(start, start + packedSize);
  const content = method === 0 ? packed : inflate(packed, size, where);
  if (content.length !== size) {
    throw unsound(where, 'the entry has another size', `${content.length} bytes`, `${size} bytes`, SOUND_COPY);
  }
  const sum = crc32(content);
  if (sum === crc) return content;
  throw unsound(where, 'the entry is corrupt', `CRC-32 ${hex(sum)}`, hex(crc), SOUND_COPY);
}

function inflate(packed: Uint8Array, size: number, where: string): Uint8Array {
  try {
    // Into memory of the declared size: a stream that goes on is cut there, and the CRC-32 tells.
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch (error) {
    throw unsound(where, 'the entry is corrupt', messageOf(error), 'a whole deflate stream', SOUND_COPY, error);
  }
}

function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, view.byteLength - FURTHEST_END); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return undefined;
}

function broken(where: string, found: string) {
  return unsound(
    where,
    'the archive is damaged or cut short',
    `${found} is not there`,
    'a whole .npz file',
    SOUND_COPY,
  );
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) sum = crcTable[(sum ^ bytes[at]) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
