/**
 * The first layer's weight gradient where one panel holds all outputs, as in logistic regression: each example adds x ⊗ δ to
 * the panel of gradients, examples ascending, so every sum has the order it has elsewhere, and no column lists are needed.
 */
import { add, mul, sub } from './lanes';
import { Job, Layer } from './job';

/** Adds the batch's gradient to `g` [inputs × width], which begins as zeros. */
export function addOuterProducts(job: Job, layer: Layer, batch: usize, rows: u32, g: usize): void {
  const width = <usize>layer.stride << 2;
  let delta = layer.delta;
  for (let i: u32 = 0; i < rows; i++, delta += width) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    const list = job.entries + (<usize>load<u32>(starts) << 3);
    const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
    if (width == 64) outer16(list, end, delta, g);
    else if (width == 48) outer12(list, end, delta, g);
    else if (width == 32) outer8(list, end, delta, g);
    else outer4(list, end, delta, g);
  }
}

/** W ← W ⊖ η ⊗ g and g ← 0, over `bytes` bytes. */
export function descendAndClear(weights: usize, g: usize, bytes: usize, rate: v128): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(weights + at, sub(v128.load(weights + at), mul(rate, v128.load(g + at))));
    v128.store(g + at, f32x4.splat(0));
  }
}

function outer16(list: usize, end: usize, delta: usize, g: usize): void {
  const d0 = v128.load(delta);
  const d1 = v128.load(delta, 16);
  const d2 = v128.load(delta, 32);
  const d3 = v128.load(delta, 48);
  for (; list < end; list += 8) {
    const row = g + <usize>load<u32>(list) * 64;
    const value = v128.load_splat<f32>(list, 4);
    v128.store(row, add(v128.load(row), mul(value, d0)));
    v128.store(row, add(v128.load(row, 16), mul(value, d1)), 16);
    v128.store(row, add(v128.load(row, 32), mul(value, d2)), 32);
    v128.store(row, add(v128.load(row, 48), mul(value, d3)), 48);
  }
}

function outer12(list: usize, end: usize, delta: usize, g: usize): void {
  const d0 = v128.load(delta);
  const d1 = v128.load(delta, 16);
  const d2 = v128.load(delta, 32);
  for (; list < end; list += 8) {
    const row = g + <usize>load<u32>(list) * 48;
    const value = v128.load_splat<f32>(list, 4);
    v128.store(row, add(v128.load(row), mul(value, d0)));
    v128.store(row, add(v128.load(row, 16), mul(value, d1)), 16);
    v128.store(row, add(v128.load(row, 32), mul(value, d2)), 32);
  }
}

function outer8(list: usize, end: usize, delta: usize, g: usize): void {
  const d0 = v128.load(delta);
  const d1 = v128.load(delta, 16);
  for (; list < end; list += 8) {
    const row = g + <usize>load<u32>(list) * 32;
    const value = v128.load_splat<f32>(list, 4);
    v128.store(row, add(v128.load(row), mul(value, d0)));
    v128.store(row, add(v128.load(row, 16), mul(value, d1)), 16);
  }
}

function outer4(list: usize, end: usize, delta: usize, g: usize): void {
  const d0 = v128.load(delta);
  for (; list < end; list += 8) {
    const row = g + <usize>load<u32>(list) * 16;
    const value = v128.load_splat<f32>(list, 4);
    v128.store(row, add(v128.load(row), mul(value, d0)));
  }
}
