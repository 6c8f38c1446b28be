/**
 * From rows of bytes, one after the other, to what training reads: lists of non-zeros, or dense floats. Sixteen bytes are
 * looked at together, and zeros, most of an image, cost nothing more.
 */

/** Writes how many bytes of each row are not zero to counts [rows]. */
export function countBytes(bytes: usize, rows: u32, width: u32, counts: usize): void {
  const vectors = bytes + <usize>(width & ~15);
  let end = vectors;
  for (let i: u32 = 0; i < rows; i++, end += width) {
    let count: u32 = 0;
    for (; bytes < end; bytes += 16) count += popcnt(nonZeros(bytes));
    const rowEnd = end + (width & 15);
    for (; bytes < rowEnd; bytes++) count += load<u8>(bytes) ? 1 : 0;
    store<u32>(counts + (<usize>i << 2), count);
  }
}

/**
 * Appends (column, value) of each non-zero byte to `entries`, whose next free entry is number `first`, and writes where each
 * row begins to starts [rows]. Returns the number of the next free entry.
 *
 * @param values float32 [256], the feature of each byte
 */
export function listBytes(
  bytes: usize, rows: u32, width: u32, values: usize, starts: usize, entries: usize, first: u32,
): u32 {
  let out = entries + (<usize>first << 3);
  for (let i: u32 = 0; i < rows; i++, bytes += width) {
    store<u32>(starts + (<usize>i << 2), <u32>((out - entries) >> 3));
    let column: u32 = 0;
    // Each loop over a mask ends with a mispredicted branch: one for sixty-four bytes, not four.
    for (; column + 64 <= width; column += 64) {
      const at = bytes + column;
      const low = <u64>nonZeros(at) | (<u64>nonZeros(at + 16) << 16);
      const high = <u64>nonZeros(at + 32) | (<u64>nonZeros(at + 48) << 16);
      for (let mask = low | (high << 32); mask; mask &= mask - 1) {
        out = entry(out, bytes, column + <u32>ctz(mask), values);
      }
    }
    for (; column + 16 <= width; column += 16) {
      for (let mask = nonZeros(bytes + column); mask; mask &= mask - 1) {
        out = entry(out, bytes, column + ctz(mask), values);
      }
    }
    for (; column < width; column++) if (load<u8>(bytes + column)) out = entry(out, bytes, column, values);
  }
  return <u32>((out - entries) >> 3);
}

/** Writes the features of `length` bytes to out. */
export function expandBytes(bytes: usize, length: u32, values: usize, out: usize): void {
  for (let i: u32 = 0; i < length; i++) store<u32>(out + (<usize>i << 2), feature(bytes + i, values));
}

/** A bit for each of sixteen bytes that is not zero. */
@inline function nonZeros(bytes: usize): u32 {
  return <u32>i8x16.bitmask(i8x16.ne(v128.load(bytes), i8x16.splat(0)));
}

@inline function entry(out: usize, row: usize, column: u32, values: usize): usize {
  store<u32>(out, column);
  store<u32>(out, feature(row + column, values), 4);
  return out + 8;
}

/** The float32 of a byte, as bits. */
@inline function feature(byte: usize, values: usize): u32 {
  return load<u32>(values + (<usize>load<u8>(byte) << 2));
}
