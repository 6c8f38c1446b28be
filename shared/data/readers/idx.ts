/**
 * IDX, the format in which MNIST is published: bytes in, a view of the values out, nothing copied.
 *
 * Layout (LeCun, Cortes & Burges, "The MNIST database"): 0, 0, type byte, number of dimensions, each dimension as a
 * big-endian uint32, then the values row-major. Only unsigned bytes (type 0x08) are read: no data set in use here has
 * another type. A header is a claim, not a fact: every length is compared with the bytes that are there before
 * anything is made from it.
 */
import { FedtempoError } from '../../errors.js';

const UNSIGNED_BYTE = 0x08;
const MAX_DIMENSIONS = 4;
const SOUND_COPY = 'fetch the file again from its publisher; this copy is not a sound IDX file of unsigned bytes';

/** An IDX array of unsigned bytes. */
export interface IdxArray {
  /** 1 to 4 lengths, each at least 1; images are [n, rows, columns], labels [n]. */
  readonly dimensions: readonly number[];
  /** Row-major, as many as the product of `dimensions`; a view of the bytes that were read. */
  readonly values: Uint8Array;
}

/**
 * Reads an IDX array of unsigned bytes from its uncompressed bytes.
 *
 * @param where what an error calls the source, such as the file's path
 * @throws FedtempoError DATASET_INVALID for a wrong magic, type or number of dimensions, a dimension of 0, and for
 *   fewer or more bytes than the header declares
 */
export function readIdx(bytes: Uint8Array, where: string): IdxArray {
  const refuse = (summary: string, found: string, expected: string) =>
    new FedtempoError('DATASET_INVALID', summary, { where, found, expected, fix: SOUND_COPY });

  if (bytes.length < 4) throw refuse('too short for an IDX header', count(bytes.length), 'at least 4 bytes');
  const [zero, alsoZero, type, rank] = bytes;
  if (zero !== 0 || alsoZero !== 0) {
    throw refuse('not an IDX file', `first bytes ${hex(zero)} ${hex(alsoZero)}`, '0x00 0x00');
  }
  if (type !== UNSIGNED_BYTE) {
    throw refuse('an IDX file of another type', `type ${hex(type)}`, '0x08, unsigned bytes');
  }
  if (rank < 1 || rank > MAX_DIMENSIONS) {
    throw refuse('an impossible number of dimensions', String(rank), `1 to ${MAX_DIMENSIONS}`);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw refuse('the header is truncated', count(bytes.length), `${headerBytes} bytes for ${rank} dimensions`);
  }

  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const dimensions = Array.from({ length: rank }, (_, index) => view.getUint32(4 + 4 * index));
  const shape = dimensions.join(' × ');
  if (dimensions.includes(0)) throw refuse('a dimension is empty', shape, 'each dimension at least 1');
  const declared = dimensions.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(declared)) {
    throw refuse(
      'the header declares more than any file holds',
      shape,
      `${count(bytes.length - headerBytes)} of values`,
    );
  }
  const actual = bytes.length - headerBytes;
  if (actual !== declared) {
    const summary = actual < declared ? 'the file is truncated' : 'the file goes on after its values';
    throw refuse(summary, `${count(actual)} of values`, `${count(declared)} for ${shape}, as the header declares`);
  }
  return { dimensions, values: bytes.subarray(headerBytes) };
}

function count(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
