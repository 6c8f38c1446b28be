/**
 * Walks a msgpack header before it is decoded: only nil, booleans, numbers, texts, arrays and maps, nested at most so
 * deep, and exactly as long as it says. The decoder itself has no such limits and would build dates, regular
 * expressions and errors from extension types.
 */
import { FedtempoError } from '../errors.js';

/** @throws FedtempoError PROTOCOL_MALFORMED */
export function checkHeader(bytes: Uint8Array, maxDepth: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const take = (length: number): number => {
    const start = at;
    if (length > bytes.length - at) throw malformed(`the header ends within a value at byte ${start}`);
    at += length;
    return start;
  };
  const unsigned = (size: 1 | 2 | 4): number => {
    const start = take(size);
    return size === 1 ? view.getUint8(start) : size === 2 ? view.getUint16(start) : view.getUint32(start);
  };
  const skipMany = (values: number, depth: number): void => {
    if (values > bytes.length - at)
      throw malformed(`the header announces ${values} values in ${bytes.length - at} bytes`);
    for (let value = 0; value < values; value++) skip(depth + 1);
  };
  const skip = (depth: number): void => {
    if (depth > maxDepth) throw malformed(`the header nests deeper than ${maxDepth}`);
    const tag = unsigned(1);
    if (tag <= 0x7f || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) return;
    if (tag <= 0x8f) return skipMany(2 * (tag & 0x0f), depth);
    if (tag <= 0x9f) return skipMany(tag & 0x0f, depth);
    if (tag <= 0xbf) return void take(tag & 0x1f);
    const fixed = FIXED_SIZES[tag];
    if (fixed !== undefined) return void take(fixed);
    const size = LENGTH_SIZES[tag];
    if (size === undefined) throw malformed(`the header has a value of type 0x${tag.toString(16)}`);
    const length = unsigned(size);
    if (tag <= 0xdb) take(length);
    else skipMany(tag >= 0xde ? 2 * length : length, depth);
  };

  skip(0);
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow the header's value`);
}

/** Bytes after the tag: float32, float64, unsigned and signed integers of 1, 2, 4, 8 bytes. */
const FIXED_SIZES: Record<number, number> = {
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

/** Size of the length after the tag: texts (d9–db), arrays (dc, dd), maps (de, df). */
const LENGTH_SIZES: Record<number, 1 | 2 | 4> = { 217: 1, 218: 2, 219: 4, 220: 2, 221: 4, 222: 2, 223: 4 };

function malformed(found: string): FedtempoError {
  return new FedtempoError('PROTOCOL_MALFORMED', 'a frame header is not well formed', { found });
}
