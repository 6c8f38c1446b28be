/**
 * Sums over a list of non-zeros, Σ value ⊗ B[place], for one row of V vectors. Serves the first layer twice: forward, where
 * a list is an example (place = its input column in a panel of W), and for the gradient, where a list is an input column
 * (place = the batch row in δ). Leaving out zeros changes no bit, because a sum that began at +0 never becomes −0.
 */
import { AddBias, add, begin, finish, finishHeld, mul, zero } from './lanes';

/** Entries (index u32, value f32) from `list` to `end`; row `index` of B stands at b + index · bStep. */
export function list16<Ending>(
  list: usize, end: usize, b: usize, bStep: usize, c: usize, other: usize, rate: v128,
): void {
  const h0 = begin<Ending>(c, other);
  const h1 = begin<Ending>(c + 16, other + 16);
  const h2 = begin<Ending>(c + 32, other + 32);
  const h3 = begin<Ending>(c + 48, other + 48);
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero();
  let row: usize, value: v128;
  if (sizeof<Ending>() == sizeof<AddBias>()) {
    // Forward lists are long enough to be worth unrolling, with exits as in ./tile.ts.
    while (list < end) {
      row = b + <usize>load<u32>(list) * bStep;
      value = v128.load_splat<f32>(list, 4);
      s0 = add(s0, mul(value, v128.load(row)));
      s1 = add(s1, mul(value, v128.load(row, 16)));
      s2 = add(s2, mul(value, v128.load(row, 32)));
      s3 = add(s3, mul(value, v128.load(row, 48)));
      list += 8;
      if (list == end) break;
      row = b + <usize>load<u32>(list) * bStep;
      value = v128.load_splat<f32>(list, 4);
      s0 = add(s0, mul(value, v128.load(row)));
      s1 = add(s1, mul(value, v128.load(row, 16)));
      s2 = add(s2, mul(value, v128.load(row, 32)));
      s3 = add(s3, mul(value, v128.load(row, 48)));
      list += 8;
      if (list == end) break;
      row = b + <usize>load<u32>(list) * bStep;
      value = v128.load_splat<f32>(list, 4);
      s0 = add(s0, mul(value, v128.load(row)));
      s1 = add(s1, mul(value, v128.load(row, 16)));
      s2 = add(s2, mul(value, v128.load(row, 32)));
      s3 = add(s3, mul(value, v128.load(row, 48)));
      list += 8;
    }
  } else {
    while (list < end) {
      row = b + <usize>load<u32>(list) * bStep;
      value = v128.load_splat<f32>(list, 4);
      s0 = add(s0, mul(value, v128.load(row)));
      s1 = add(s1, mul(value, v128.load(row, 16)));
      s2 = add(s2, mul(value, v128.load(row, 32)));
      s3 = add(s3, mul(value, v128.load(row, 48)));
      list += 8;
    }
  }
  finishHeld<Ending>(c, h0, rate, s0);
  finishHeld<Ending>(c + 16, h1, rate, s1);
  finishHeld<Ending>(c + 32, h2, rate, s2);
  finishHeld<Ending>(c + 48, h3, rate, s3);
}

export function list12<Ending>(
  list: usize, end: usize, b: usize, bStep: usize, c: usize, other: usize, rate: v128,
): void {
  const h0 = begin<Ending>(c, other);
  const h1 = begin<Ending>(c + 16, other + 16);
  const h2 = begin<Ending>(c + 32, other + 32);
  let s0 = zero(), s1 = zero(), s2 = zero();
  for (; list < end; list += 8) {
    const row = b + <usize>load<u32>(list) * bStep;
    const value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
    s1 = add(s1, mul(value, v128.load(row, 16)));
    s2 = add(s2, mul(value, v128.load(row, 32)));
  }
  finishHeld<Ending>(c, h0, rate, s0);
  finishHeld<Ending>(c + 16, h1, rate, s1);
  finishHeld<Ending>(c + 32, h2, rate, s2);
}

export function list8<Ending>(
  list: usize, end: usize, b: usize, bStep: usize, c: usize, other: usize, rate: v128,
): void {
  const h0 = begin<Ending>(c, other);
  const h1 = begin<Ending>(c + 16, other + 16);
  let s0 = zero(), s1 = zero();
  for (; list < end; list += 8) {
    const row = b + <usize>load<u32>(list) * bStep;
    const value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
    s1 = add(s1, mul(value, v128.load(row, 16)));
  }
  finishHeld<Ending>(c, h0, rate, s0);
  finishHeld<Ending>(c + 16, h1, rate, s1);
}

export function list4<Ending>(
  list: usize, end: usize, b: usize, bStep: usize, c: usize, other: usize, rate: v128,
): void {
  const h0 = begin<Ending>(c, other);
  let s0 = zero();
  for (; list < end; list += 8) {
    const row = b + <usize>load<u32>(list) * bStep;
    const value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
  }
  finishHeld<Ending>(c, h0, rate, s0);
}

/**
 * Two panels of 16 columns at once: their rows of B lie `bGap` bytes apart, those of c `cGap`, those of other 64. The test
 * between the halves always fails; it ends a basic block, for V8 would load all eight vectors before the first sum and spill.
 */
export function list32<Ending>(
  list: usize, end: usize, b: usize, bGap: usize, bStep: usize, c: usize, cGap: usize, other: usize, rate: v128,
): void {
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero(), s4 = zero(), s5 = zero(), s6 = zero(), s7 = zero();
  let row: usize, value: v128;
  while (list < end) {
    row = b + <usize>load<u32>(list) * bStep;
    value = v128.load_splat<f32>(list, 4);
    s0 = add(s0, mul(value, v128.load(row)));
    s1 = add(s1, mul(value, v128.load(row, 16)));
    s2 = add(s2, mul(value, v128.load(row, 32)));
    s3 = add(s3, mul(value, v128.load(row, 48)));
    if (row == list) break;
    row += bGap;
    s4 = add(s4, mul(value, v128.load(row)));
    s5 = add(s5, mul(value, v128.load(row, 16)));
    s6 = add(s6, mul(value, v128.load(row, 32)));
    s7 = add(s7, mul(value, v128.load(row, 48)));
    list += 8;
  }
  finish<Ending>(c, other, rate, s0);
  finish<Ending>(c + 16, other + 16, rate, s1);
  finish<Ending>(c + 32, other + 32, rate, s2);
  finish<Ending>(c + 48, other + 48, rate, s3);
  c += cGap;
  finish<Ending>(c, other + 64, rate, s4);
  finish<Ending>(c + 16, other + 80, rate, s5);
  finish<Ending>(c + 32, other + 96, rate, s6);
  finish<Ending>(c + 48, other + 112, rate, s7);
}
