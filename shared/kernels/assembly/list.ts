/**
 * Sums over a list of non-zeros: Σ value ⊗ B[index], for one output row. Serves the first layer twice: forward, where a
 * list is an example (index = input column, B = W), and for the gradient, where a list is an input column (index = batch
 * row, B = δ). Leaving out zeros changes no bit, because a sum that began at +0 never becomes −0.
 */
import { add, finish, mul, zero } from './lanes';

/**
 * @param list (index u32, value f32) pairs up to `end`, in the order of summation
 * @param stride bytes a row of B
 * @param width bytes of the row, a multiple of 16
 * @param other the bias, for AddBias
 * @param rate η in every lane, for Descend
 */
@inline export function listRow<Ending>(
  list: usize, end: usize, b: usize, stride: usize, out: usize, width: usize, other: usize, rate: v128,
): void {
  let j: usize = 0;
  for (; j + 160 <= width; j += 160) list40<Ending>(list, end, b + j, stride, out + j, other + j, rate);
  for (; j + 48 <= width; j += 48) list12<Ending>(list, end, b + j, stride, out + j, other + j, rate);
  for (; j < width; j += 16) list4<Ending>(list, end, b + j, stride, out + j, other + j, rate);
}

export function list40<Ending>(
  list: usize, end: usize, b: usize, stride: usize, out: usize, other: usize, rate: v128,
): void {
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero(), s4 = zero();
  let s5 = zero(), s6 = zero(), s7 = zero(), s8 = zero(), s9 = zero();
  while (list < end) {
    const row = b + <usize>load<u32>(list) * stride;
    const value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
    s1 = add(s1, mul(value, v128.load(row, 16)));
    s2 = add(s2, mul(value, v128.load(row, 32)));
    s3 = add(s3, mul(value, v128.load(row, 48)));
    s4 = add(s4, mul(value, v128.load(row, 64)));
    s5 = add(s5, mul(value, v128.load(row, 80)));
    s6 = add(s6, mul(value, v128.load(row, 96)));
    s7 = add(s7, mul(value, v128.load(row, 112)));
    s8 = add(s8, mul(value, v128.load(row, 128)));
    s9 = add(s9, mul(value, v128.load(row, 144)));
    list += 8;
  }
  finish<Ending>(out, other, rate, s0);
  finish<Ending>(out + 16, other + 16, rate, s1);
  finish<Ending>(out + 32, other + 32, rate, s2);
  finish<Ending>(out + 48, other + 48, rate, s3);
  finish<Ending>(out + 64, other + 64, rate, s4);
  finish<Ending>(out + 80, other + 80, rate, s5);
  finish<Ending>(out + 96, other + 96, rate, s6);
  finish<Ending>(out + 112, other + 112, rate, s7);
  finish<Ending>(out + 128, other + 128, rate, s8);
  finish<Ending>(out + 144, other + 144, rate, s9);
}

export function list12<Ending>(
  list: usize, end: usize, b: usize, stride: usize, out: usize, other: usize, rate: v128,
): void {
  let s0 = zero(), s1 = zero(), s2 = zero();
  while (list < end) {
    const row = b + <usize>load<u32>(list) * stride;
    const value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
    s1 = add(s1, mul(value, v128.load(row, 16)));
    s2 = add(s2, mul(value, v128.load(row, 32)));
    list += 8;
  }
  finish<Ending>(out, other, rate, s0);
  finish<Ending>(out + 16, other + 16, rate, s1);
  finish<Ending>(out + 32, other + 32, rate, s2);
}

export function list4<Ending>(
  list: usize, end: usize, b: usize, stride: usize, out: usize, other: usize, rate: v128,
): void {
  let sum = zero();
  while (list < end) {
    const row = b + <usize>load<u32>(list) * stride;
    sum = add(sum, mul(v128.load_splat<f32>(list, 4), v128.load(row)));
    list += 8;
  }
  finish<Ending>(out, other, rate, sum);
}
