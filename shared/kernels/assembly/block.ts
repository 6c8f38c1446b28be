/** Between the host's flat parameters, W [inputs × outputs] row by row, and a block, W in panels; and transposes. */
import { Job, Layer, layerOf } from './job';
import { PANEL_ROW, panelRows } from './product';

export function pack(job: Job, block: usize): void {
  copyAll(job, block, true, 0);
}

export function unpack(job: Job, block: usize): void {
  copyAll(job, block, false, 0);
}

/** Unpacks block − start. */
export function unpackDifference(job: Job, block: usize, start: usize): void {
  copyAll(job, block, false, start - block);
}

/**
 * Padding columns are never written here, so they stay zero from when the block was made.
 *
 * @param minus where, seen from the block, stands what is subtracted on the way out; 0 for nothing
 */
function copyAll(job: Job, block: usize, inward: bool, minus: usize): void {
  let flat = job.flat;
  for (let index: u32 = 0; index < job.layerCount; index++) {
    const layer = layerOf(job, index);
    const row = <usize>layer.outputs << 2;
    const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
    let panel = block + layer.weights;
    for (let j: usize = 0; j < row; j += PANEL_ROW, panel += panelBytes) {
      const step = min(PANEL_ROW, (<usize>layer.stride << 2) - j);
      moveRows(panel, step, flat + j, row, layer.inputs, min(PANEL_ROW, row - j), inward, minus);
    }
    flat += row * layer.inputs;
    moveRows(block + layer.biases, row, flat, row, 1, row, inward, minus);
    flat += row;
  }
}

@inline function moveRows(
  padded: usize, paddedStep: usize, flat: usize, flatStep: usize, rows: u32, bytes: usize, inward: bool, minus: usize,
): void {
  if (minus == 0) copyRows(padded, paddedStep, flat, flatStep, rows, bytes, inward);
  else subtractRows(padded, paddedStep, minus, flat, flatStep, rows, bytes);
}

function subtractRows(
  padded: usize, paddedStep: usize, minus: usize, flat: usize, flatStep: usize, rows: u32, bytes: usize,
): void {
  const whole = bytes & ~15;
  for (let k: u32 = 0; k < rows; k++, padded += paddedStep, flat += flatStep) {
    let at: usize = 0;
    for (; at < whole; at += 16) {
      v128.store(flat + at, f32x4.sub(v128.load(padded + at), v128.load(padded + minus + at)));
    }
    for (; at < bytes; at += 4) store<f32>(flat + at, load<f32>(padded + at) - load<f32>(padded + minus + at));
  }
}

function copyRows(
  padded: usize, paddedStep: usize, flat: usize, flatStep: usize, rows: u32, bytes: usize, inward: bool,
): void {
  let from = inward ? flat : padded;
  let to = inward ? padded : flat;
  const fromStep = inward ? flatStep : paddedStep;
  const toStep = inward ? paddedStep : flatStep;
  const whole = bytes & ~15;
  for (let k: u32 = 0; k < rows; k++, from += fromStep, to += toStep) {
    let at: usize = 0;
    for (; at < whole; at += 16) v128.store(to + at, v128.load(from + at));
    for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
  }
}

/** Wᵀ [outputs × 16] for the 16 inputs from `k` on, or as many as there are, from W in panels of 16 outputs. */
export function transposePanel(layer: Layer, weights: usize, k: usize, target: usize): void {
  const width = <usize>layer.stride << 2;
  const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
  const columns = min<usize>(16, panelRows(layer.inputs) - k);
  for (let j: usize = 0; j < width; j += PANEL_ROW, weights += panelBytes) {
    const step = min(PANEL_ROW, width - j);
    transpose(weights + k * step, step, target + (j >> 2) * (columns << 2), columns << 2, <u32>columns, <u32>(step >> 2));
  }
}

/** to [columns × rows] = from [rows × columns]ᵀ, rounded up to blocks of 4; steps in bytes. */
export function transpose(from: usize, fromStep: usize, to: usize, toStep: usize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i += 4, from += 4 * fromStep, to += 16) {
    for (let j: u32 = 0; j < columns; j += 4) {
      transpose4x4(from + (<usize>j << 2), fromStep, to + <usize>j * toStep, toStep);
    }
  }
}

@inline function transpose4x4(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStep);
  const r2 = v128.load(from + 2 * fromStep);
  const r3 = v128.load(from + 3 * fromStep);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + toStep, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * toStep, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * toStep, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
