/**
 * NumPy's .npy (NEP 1), versions 1 to 3: a header that is a Python literal, then the values.
 *
 * Read as strictly as NumPy writes it: little-endian float32, float64, int32, int64 or unsigned bytes, in C order. A header
 * is a claim: it is compared with the bytes that are there before anything is made from it.
 */
import { unsound } from './table.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_HEADER_BYTES = 4096;
const MAX_DIMENSIONS = 8;
const HEADER = /^\{ ?'descr': ?'([^']*)', ?'fortran_order': ?(True|False), ?'shape': ?\(((?:\d+, ?)*\d*)\),? ?\}\s*$/;

/** Bytes of a value, and how one is read. */
const types: Record<string, { bytes: number; read: (view: DataView, at: number) => number }> = {
  '|u1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '<i4': { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  '<i8': { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  '<f4': { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** An array, its values unread. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** The product of `shape`. */
  readonly length: number;
  /** The values, where they are unsigned bytes; a view. */
  readonly bytes: Uint8Array | undefined;
  /** Value `index`, row-major. */
  at(index: number): number;
}

/** @param where what an error calls the array @throws FedtempoError DATASET_INVALID */
export function readNpy(content: Uint8Array, where: string): NpyArray {
  const refuse = (summary: string, found: string, expected: string) =>
    unsound(where, summary, found, expected, 'save the array with numpy.savez as float32 or int64, in C order');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 12 || MAGIC.some((byte, index) => content[index] !== byte)) {
    throw refuse('not an .npy array', `${content.length} bytes without its first six`, '\\x93NUMPY');
  }
  const major = content[6];
  if (major < 1 || major > 3) throw refuse('an .npy array of another version', String(major), '1, 2 or 3');
  const start = major === 1 ? 10 : 12;
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes > MAX_HEADER_BYTES || start + headerBytes > content.length) {
    throw refuse('the header is cut short or too long', `${headerBytes} bytes`, `at most ${MAX_HEADER_BYTES}`);
  }
  const header = String.fromCharCode(...content.subarray(start, start + headerBytes));
  const found = HEADER.exec(header);
  if (found === null) {
    throw refuse('the header is not understood', header.slice(0, 80).trim(), 'descr, fortran_order and shape');
  }
  const [, descr, fortran, dimensions] = found;
  if (!Object.hasOwn(types, descr)) throw refuse('values of another type', descr, Object.keys(types).join(', '));
  if (fortran === 'True') throw refuse('the array is in Fortran order', 'fortran_order: True', 'C order');
  const shape = (dimensions.match(/\d+/g) ?? []).map(Number);
  const said = `(${shape.join(', ')})`;
  const length = shape.reduce((product, size) => product * size, 1);
  if (shape.length < 1 || shape.length > MAX_DIMENSIONS || length === 0 || !Number.isSafeInteger(length)) {
    throw refuse('an impossible shape', said, `1 to ${MAX_DIMENSIONS} dimensions, none of them empty`);
  }
  const { bytes, read } = types[descr];
  const values = start + headerBytes;
  if (content.length - values !== length * bytes) {
    const expected = `${length * bytes} bytes for ${said} of ${descr}`;
    throw refuse('the values do not fit the header', `${content.length - values} bytes`, expected);
  }
  return {
    shape,
    length,
    bytes: descr === '|u1' ? content.subarray(values) : undefined,
    at: (index) => read(view, values + index * bytes),
  };
}
