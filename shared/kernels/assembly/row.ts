/**
 * One row of a dense product, for a batch of 1 and the odd rows that fill no tile: out = x · B ⊕ bias, 40, 12 or 4
 * columns at a time.
 */
import { add, mul, zero } from './lanes';

/** `width` is the row's length in bytes, a multiple of 16. */
export function denseRow(
  x: usize, b: usize, bStride: usize, n: usize, out: usize, bias: usize, width: usize,
): void {
  let j: usize = 0;
  for (; j + 160 <= width; j += 160) row40(x, b + j, bStride, n, out + j, bias + j);
  for (; j + 48 <= width; j += 48) row12(x, b + j, bStride, n, out + j, bias + j);
  for (; j < width; j += 16) row4(x, b + j, bStride, n, out + j, bias + j);
}

function row40(x: usize, b: usize, bStride: usize, n: usize, out: usize, bias: usize): void {
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero(), s4 = zero();
  let s5 = zero(), s6 = zero(), s7 = zero(), s8 = zero(), s9 = zero();
  const end = x + (n << 2);
  while (x < end) {
    const value = v128.load_splat<f32>(x);
    s0 = add(s0, mul(value, v128.load(b)));
    s1 = add(s1, mul(value, v128.load(b, 16)));
    s2 = add(s2, mul(value, v128.load(b, 32)));
    s3 = add(s3, mul(value, v128.load(b, 48)));
    s4 = add(s4, mul(value, v128.load(b, 64)));
    s5 = add(s5, mul(value, v128.load(b, 80)));
    s6 = add(s6, mul(value, v128.load(b, 96)));
    s7 = add(s7, mul(value, v128.load(b, 112)));
    s8 = add(s8, mul(value, v128.load(b, 128)));
    s9 = add(s9, mul(value, v128.load(b, 144)));
    b += bStride;
    x += 4;
  }
  v128.store(out, add(s0, v128.load(bias)));
  v128.store(out, add(s1, v128.load(bias, 16)), 16);
  v128.store(out, add(s2, v128.load(bias, 32)), 32);
  v128.store(out, add(s3, v128.load(bias, 48)), 48);
  v128.store(out, add(s4, v128.load(bias, 64)), 64);
  v128.store(out, add(s5, v128.load(bias, 80)), 80);
  v128.store(out, add(s6, v128.load(bias, 96)), 96);
  v128.store(out, add(s7, v128.load(bias, 112)), 112);
  v128.store(out, add(s8, v128.load(bias, 128)), 128);
  v128.store(out, add(s9, v128.load(bias, 144)), 144);
}

function row12(x: usize, b: usize, bStride: usize, n: usize, out: usize, bias: usize): void {
  let s0 = zero(), s1 = zero(), s2 = zero();
  const end = x + (n << 2);
  while (x < end) {
    const value = v128.load_splat<f32>(x);
    s0 = add(s0, mul(value, v128.load(b)));
    s1 = add(s1, mul(value, v128.load(b, 16)));
    s2 = add(s2, mul(value, v128.load(b, 32)));
    b += bStride;
    x += 4;
  }
  v128.store(out, add(s0, v128.load(bias)));
  v128.store(out, add(s1, v128.load(bias, 16)), 16);
  v128.store(out, add(s2, v128.load(bias, 32)), 32);
}

function row4(x: usize, b: usize, bStride: usize, n: usize, out: usize, bias: usize): void {
  let sum = zero();
  const end = x + (n << 2);
  while (x < end) {
    sum = add(sum, mul(v128.load_splat<f32>(x), v128.load(b)));
    b += bStride;
    x += 4;
  }
  v128.store(out, add(sum, v128.load(bias)));
}
