/**
 * Dense products C [rows × columns] = A · B ⊕ bias, in register tiles of 5 rows × 8 columns: 10 sums, 2 vectors of B and
 * one broadcast of A fill the 16 registers of x86-64. Each sum runs over k ascending in one accumulator from +0, so a
 * tile has the bits of the plain loop. Rows are computed in fives: A and C must have room for the padding rows.
 */
import { add, mul, zero } from './lanes';
import { denseRow } from './row';

/** Row blocks keep A in the second-level cache while the columns of B pass by. A multiple of 5. */
const BLOCK_ROWS: u32 = 40;

/**
 * @param a A [rows × n]; `aStride` bytes a row
 * @param b B [n × columns]; `bStride` bytes a row; columns a multiple of 4
 * @param bias [columns]
 */
export function product(
  a: usize, aStride: usize, b: usize, bStride: usize, n: usize,
  c: usize, cStride: usize, bias: usize, rows: u32, columns: usize,
): void {
  const tail = rows % 5;
  const tiled = tail > 2 ? rows + 5 - tail : rows - tail;
  const width = columns << 2;
  for (let block: u32 = 0; block < tiled; block += BLOCK_ROWS) {
    const end = min(block + BLOCK_ROWS, tiled);
    let j: usize = 0;
    for (; j + 32 <= width; j += 32) {
      for (let i = block; i < end; i += 5) {
        tile5x8(a + <usize>i * aStride, aStride, b + j, bStride, n, c + <usize>i * cStride + j, cStride, bias + j);
      }
    }
    if (j < width) {
      for (let i = block; i < end; i += 5) {
        tile5x4(a + <usize>i * aStride, aStride, b + j, bStride, n, c + <usize>i * cStride + j, cStride, bias + j);
      }
    }
  }
  for (let i = tiled; i < rows; i++) {
    denseRow(a + <usize>i * aStride, b, bStride, n, c + <usize>i * cStride, bias, width);
  }
}

function tile5x8(
  a: usize, aStride: usize, b: usize, bStride: usize, n: usize, c: usize, cStride: usize, bias: usize,
): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero(), c20 = zero();
  let c21 = zero(), c30 = zero(), c31 = zero(), c40 = zero(), c41 = zero();
  let a0 = a, a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride;
  const end = a + (n << 2), pairs = a + ((n & ~1) << 2);
  let x: v128, b0: v128, b1: v128;
  while (a0 < pairs) {
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load_splat<f32>(a0); c00 = add(c00, mul(x, b0)); c01 = add(c01, mul(x, b1));
    x = v128.load_splat<f32>(a1); c10 = add(c10, mul(x, b0)); c11 = add(c11, mul(x, b1));
    x = v128.load_splat<f32>(a2); c20 = add(c20, mul(x, b0)); c21 = add(c21, mul(x, b1));
    x = v128.load_splat<f32>(a3); c30 = add(c30, mul(x, b0)); c31 = add(c31, mul(x, b1));
    x = v128.load_splat<f32>(a4); c40 = add(c40, mul(x, b0)); c41 = add(c41, mul(x, b1));
    b += bStride;
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load_splat<f32>(a0, 4); c00 = add(c00, mul(x, b0)); c01 = add(c01, mul(x, b1));
    x = v128.load_splat<f32>(a1, 4); c10 = add(c10, mul(x, b0)); c11 = add(c11, mul(x, b1));
    x = v128.load_splat<f32>(a2, 4); c20 = add(c20, mul(x, b0)); c21 = add(c21, mul(x, b1));
    x = v128.load_splat<f32>(a3, 4); c30 = add(c30, mul(x, b0)); c31 = add(c31, mul(x, b1));
    x = v128.load_splat<f32>(a4, 4); c40 = add(c40, mul(x, b0)); c41 = add(c41, mul(x, b1));
    b += bStride;
    a0 += 8; a1 += 8; a2 += 8; a3 += 8; a4 += 8;
  }
  if (a0 < end) {
    b0 = v128.load(b); b1 = v128.load(b, 16);
    x = v128.load_splat<f32>(a0); c00 = add(c00, mul(x, b0)); c01 = add(c01, mul(x, b1));
    x = v128.load_splat<f32>(a1); c10 = add(c10, mul(x, b0)); c11 = add(c11, mul(x, b1));
    x = v128.load_splat<f32>(a2); c20 = add(c20, mul(x, b0)); c21 = add(c21, mul(x, b1));
    x = v128.load_splat<f32>(a3); c30 = add(c30, mul(x, b0)); c31 = add(c31, mul(x, b1));
    x = v128.load_splat<f32>(a4); c40 = add(c40, mul(x, b0)); c41 = add(c41, mul(x, b1));
  }
  b0 = v128.load(bias); b1 = v128.load(bias, 16);
  v128.store(c, add(c00, b0)); v128.store(c, add(c01, b1), 16);
  c += cStride; v128.store(c, add(c10, b0)); v128.store(c, add(c11, b1), 16);
  c += cStride; v128.store(c, add(c20, b0)); v128.store(c, add(c21, b1), 16);
  c += cStride; v128.store(c, add(c30, b0)); v128.store(c, add(c31, b1), 16);
  c += cStride; v128.store(c, add(c40, b0)); v128.store(c, add(c41, b1), 16);
}

function tile5x4(
  a: usize, aStride: usize, b: usize, bStride: usize, n: usize, c: usize, cStride: usize, bias: usize,
): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero();
  let a0 = a, a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride;
  const end = a + (n << 2);
  let b0: v128;
  while (a0 < end) {
    b0 = v128.load(b);
    c0 = add(c0, mul(v128.load_splat<f32>(a0), b0));
    c1 = add(c1, mul(v128.load_splat<f32>(a1), b0));
    c2 = add(c2, mul(v128.load_splat<f32>(a2), b0));
    c3 = add(c3, mul(v128.load_splat<f32>(a3), b0));
    c4 = add(c4, mul(v128.load_splat<f32>(a4), b0));
    b += bStride;
    a0 += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4;
  }
  b0 = v128.load(bias);
  v128.store(c, add(c0, b0));
  c += cStride; v128.store(c, add(c1, b0));
  c += cStride; v128.store(c, add(c2, b0));
  c += cStride; v128.store(c, add(c3, b0));
  c += cStride; v128.store(c, add(c4, b0));
}
