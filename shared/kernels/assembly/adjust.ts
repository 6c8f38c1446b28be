/** What comes between a stored gradient and the optimizer: proximal term, clipping, correction, weight decay. */
import { Job, layerOf } from './job';
import { add, mul, sub } from './lanes';
import { PANEL_ROW, panelRows } from './product';

/** g ← g ⊕ μ ⊗ (w ⊖ anchor), over one array of `bytes` bytes. */
export function addProximal(g: usize, w: usize, anchor: usize, bytes: usize, mu: f32): void {
  const factor = f32x4.splat(mu);
  for (let at: usize = 0; at < bytes; at += 16) {
    const distance = sub(v128.load(w + at), v128.load(anchor + at));
    v128.store(g + at, add(v128.load(g + at), mul(factor, distance)));
  }
}

/** g ← g ⊕ factor ⊗ other. */
export function addScaled(g: usize, other: usize, bytes: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(g + at, add(v128.load(g + at), mul(factor, v128.load(other + at))));
  }
}

/** g ← g ⊕ other. */
export function addArray(g: usize, other: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(g + at, add(v128.load(g + at), v128.load(other + at)));
}

/** g ← g ⊗ factor. */
export function scale(g: usize, bytes: usize, by: f32): void {
  const factor = f32x4.splat(by);
  for (let at: usize = 0; at < bytes; at += 16) v128.store(g + at, mul(v128.load(g + at), factor));
}

/** Σ g² in float64, partial sums by column mod 4, that the norm is made of. */
let sum01: v128 = f64x2.splat(0);
let sum23: v128 = f64x2.splat(0);

/** ‖g‖: W panel by panel, then b, layer after layer. Padding columns add +0. */
export function gradientNorm(job: Job): f64 {
  sum01 = f64x2.splat(0);
  sum23 = f64x2.splat(0);
  for (let index: u32 = 0; index < job.layerCount; index++) {
    const layer = layerOf(job, index);
    const width = <usize>layer.stride << 2;
    const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
    let panel = job.gradient + layer.weights;
    for (let j: usize = 0; j < width; j += PANEL_ROW, panel += panelBytes) {
      addSquares(panel, min(PANEL_ROW, width - j) * layer.inputs);
    }
    addSquares(job.gradient + layer.biases, width);
  }
  const s01 = f64x2.extract_lane(sum01, 0) + f64x2.extract_lane(sum01, 1);
  return Math.sqrt(s01 + (f64x2.extract_lane(sum23, 0) + f64x2.extract_lane(sum23, 1)));
}

function addSquares(at: usize, bytes: usize): void {
  const end = at + bytes;
  let s01 = sum01;
  let s23 = sum23;
  for (; at < end; at += 16) {
    const g = v128.load(at);
    const low = f64x2.promote_low_f32x4(g);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(g, g, 1, 1));
    s01 = f64x2.add(s01, f64x2.mul(low, low));
    s23 = f64x2.add(s23, f64x2.mul(high, high));
  }
  sum01 = s01;
  sum23 = s23;
}
