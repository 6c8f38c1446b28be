/**
 * Dense products in tiles, panel by panel. W is held in panels of 16 columns, [inputs × 16] each, the last one 4, 8 or 12
 * wide: a panel of 784 inputs is one contiguous run that the hardware prefetches, and a row of it is one cache line.
 */
import { Layer } from './job';
import { AddBias, finish, zero, add } from './lanes';
import { tile2x12, tile2x16, tile4x4, tile4x8 } from './tile';

/** Bytes of a full panel's row. */
export const PANEL_ROW: usize = 64;

/** Rows of a block that stays in the cache while the panels pass by; a multiple of 4. */
const BLOCK_ROWS: u32 = 64;

/** Rows of W in a panel, with padding. */
@inline export function panelRows(inputs: u32): usize {
  return (<usize>inputs + 3) & ~3;
}

/** c [rows × width] = A [rows × n] · panels [n × width] ⊕ bias. `width` in bytes; see tile.ts for the strides. */
export function product(
  a: usize, aRow: usize, panels: usize, n: u32, c: usize, cRow: usize, bias: usize, rows: u32, width: usize,
): void {
  const panelBytes = panelRows(n) * PANEL_ROW;
  const none = zero();
  for (let start: u32 = 0; start < rows; start += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - start);
    const x = a + <usize>start * aRow;
    const z = c + <usize>start * cRow;
    let b = panels;
    for (let j: usize = 0; j < width; j += PANEL_ROW, b += panelBytes) {
      const step = min(PANEL_ROW, width - j);
      tileRows<AddBias>(x, aRow, 4, b, step, n, z + j, cRow, bias + j, none, count, step);
    }
  }
}

/**
 * Weight gradient g = xᵀ · δ, panel by panel, ending in W (Descend) or in g (Store). Sums run over the batch, ascending.
 *
 * @param x [rows × inputs], `xRow` bytes from input to input, `xStep` from example to example
 */
@inline export function weightGradient<Ending>(
  layer: Layer, x: usize, xRow: usize, xStep: usize, rows: u32, out: usize, rate: v128,
): void {
  const width = <usize>layer.stride << 2;
  const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
  for (let j: usize = 0; j < width; j += PANEL_ROW, out += panelBytes) {
    const step = min(PANEL_ROW, width - j);
    tileRows<Ending>(x, xRow, xStep, layer.delta + j, width, rows, out, step, 0, rate, layer.inputs, step);
  }
}

/** Bias gradient: g_b = Σ_i δ[i], ascending, from +0. */
@inline export function biasGradient<Ending>(layer: Layer, rows: u32, out: usize, rate: v128): void {
  const width = <usize>layer.stride << 2;
  for (let j: usize = 0; j < width; j += 16) {
    let sum = zero();
    let d = layer.delta + j;
    for (let i: u32 = 0; i < rows; i++, d += width) sum = add(sum, v128.load(d));
    finish<Ending>(out + j, 0, rate, sum);
  }
}

/** All rows of one panel, `width` bytes wide. */
@inline export function tileRows<Ending>(
  a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, n: u32, c: usize, cRow: usize, other: usize, rate: v128,
  rows: u32, width: usize,
): void {
  if (width == 64) tile2x16<Ending>(a, aRow, aStep, b, bStep, n, c, cRow, other, rate, rows);
  else if (width == 48) tile2x12<Ending>(a, aRow, aStep, b, bStep, n, c, cRow, other, rate, rows);
  else if (width == 32) tile4x8<Ending>(a, aRow, aStep, b, bStep, n, c, cRow, other, rate, rows);
  else tile4x4<Ending>(a, aRow, aStep, b, bStep, n, c, cRow, other, rate, rows);
}
