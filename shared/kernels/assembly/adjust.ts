/** What comes between a stored gradient and the optimizer: proximal term, clipping, correction, weight decay. */
import { Job, layerOf } from './job';
import { add, mul, sub } from './lanes';

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

/** ‖g‖ in float64: four partial sums by column, ascending through W and b of each layer. Padding columns add +0. */
export function gradientNorm(job: Job): f64 {
  let sum01 = f64x2.splat(0);
  let sum23 = f64x2.splat(0);
  for (let index: u32 = 0; index < job.layerCount; index++) {
    const layer = layerOf(job, index);
    const row = <usize>layer.stride << 2;
    let at = job.gradient + layer.weights;
    let end = at + row * layer.inputs;
    for (let part = 0; part < 2; part++) {
      for (; at < end; at += 16) {
        const g = v128.load(at);
        const low = f64x2.promote_low_f32x4(g);
        const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(g, g, 1, 1));
        sum01 = f64x2.add(sum01, f64x2.mul(low, low));
        sum23 = f64x2.add(sum23, f64x2.mul(high, high));
      }
      at = job.gradient + layer.biases;
      end = at + row;
    }
  }
  const s01 = f64x2.extract_lane(sum01, 0) + f64x2.extract_lane(sum01, 1);
  return Math.sqrt(s01 + (f64x2.extract_lane(sum23, 0) + f64x2.extract_lane(sum23, 1)));
}
