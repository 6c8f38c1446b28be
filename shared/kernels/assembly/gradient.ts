/**
 * Weight gradient of a dense layer, g = xᵀ · δ, in tiles of 5 inputs × 8 outputs; under plain SGD it is never stored but
 * subtracted at once: W ← W ⊖ η ⊗ g (`Descend`). Sums run over the batch rows, ascending, from +0.
 */
import { add, finish, mul, zero } from './lanes';
import { Layer } from './job';

/** @param out W (Descend) or g (Store), with room for the padding rows */
@inline export function weightGradient<Ending>(layer: Layer, rows: u32, out: usize, rate: v128): void {
  const xStride = <usize>layer.inputStride << 2;
  const width = <usize>layer.stride << 2;
  for (let k: u32 = 0; k < layer.inputs; k += 5) {
    const x = layer.input + (<usize>k << 2);
    const c = out + <usize>k * width;
    let j: usize = 0;
    for (; j + 32 <= width; j += 32) gradient5x8<Ending>(x, xStride, layer.delta + j, width, rows, c + j, rate);
    if (j < width) gradient5x4<Ending>(x, xStride, layer.delta + j, width, rows, c + j, rate);
  }
}

export function gradient5x8<Ending>(
  x: usize, xStride: usize, d: usize, width: usize, rows: u32, c: usize, rate: v128,
): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero(), c20 = zero();
  let c21 = zero(), c30 = zero(), c31 = zero(), c40 = zero(), c41 = zero();
  let v: v128, d0: v128, d1: v128;
  for (; rows; rows--) {
    d0 = v128.load(d); d1 = v128.load(d, 16);
    v = v128.load_splat<f32>(x); c00 = add(c00, mul(v, d0)); c01 = add(c01, mul(v, d1));
    v = v128.load_splat<f32>(x, 4); c10 = add(c10, mul(v, d0)); c11 = add(c11, mul(v, d1));
    v = v128.load_splat<f32>(x, 8); c20 = add(c20, mul(v, d0)); c21 = add(c21, mul(v, d1));
    v = v128.load_splat<f32>(x, 12); c30 = add(c30, mul(v, d0)); c31 = add(c31, mul(v, d1));
    v = v128.load_splat<f32>(x, 16); c40 = add(c40, mul(v, d0)); c41 = add(c41, mul(v, d1));
    x += xStride;
    d += width;
  }
  finish<Ending>(c, 0, rate, c00); finish<Ending>(c + 16, 0, rate, c01);
  c += width; finish<Ending>(c, 0, rate, c10); finish<Ending>(c + 16, 0, rate, c11);
  c += width; finish<Ending>(c, 0, rate, c20); finish<Ending>(c + 16, 0, rate, c21);
  c += width; finish<Ending>(c, 0, rate, c30); finish<Ending>(c + 16, 0, rate, c31);
  c += width; finish<Ending>(c, 0, rate, c40); finish<Ending>(c + 16, 0, rate, c41);
}

export function gradient5x4<Ending>(
  x: usize, xStride: usize, d: usize, width: usize, rows: u32, c: usize, rate: v128,
): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero(), c4 = zero();
  for (; rows; rows--) {
    const d0 = v128.load(d);
    c0 = add(c0, mul(v128.load_splat<f32>(x), d0));
    c1 = add(c1, mul(v128.load_splat<f32>(x, 4), d0));
    c2 = add(c2, mul(v128.load_splat<f32>(x, 8), d0));
    c3 = add(c3, mul(v128.load_splat<f32>(x, 12), d0));
    c4 = add(c4, mul(v128.load_splat<f32>(x, 16), d0));
    x += xStride;
    d += width;
  }
  finish<Ending>(c, 0, rate, c0);
  c += width; finish<Ending>(c, 0, rate, c1);
  c += width; finish<Ending>(c, 0, rate, c2);
  c += width; finish<Ending>(c, 0, rate, c3);
  c += width; finish<Ending>(c, 0, rate, c4);
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
