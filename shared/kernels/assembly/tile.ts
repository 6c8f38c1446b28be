/**
 * Register tiles of R rows × V vectors, and all rows of a panel by them: sums over k of A[r][k] ⊗ B[k][column], ascending,
 * one accumulator each, from +0. Eight sums are the most that V8 keeps in the 16 registers of x86-64 without spilling: its
 * scheduler loads all operands of a basic block first. So the loop of the main tile is unrolled with an exit after each
 * step, which keeps the steps in blocks of their own; that saves the loop's own work, an eighth of the time.
 *
 * A is strided both ways (`aRow` bytes from row to row, `aStep` from k to k), so that a tile serves forward, where A is the
 * batch, and the weight gradient, where A is its transpose. B advances by `bStep` bytes, c by `cRow`. Whole tiles are
 * computed: A and c must have room for the padding rows. n ≥ 1.
 */
import { add, finish, mul, zero } from './lanes';

export function tile2x16<Ending>(
  a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, n: u32, c: usize, cRow: usize, other: usize, rate: v128,
  rows: u32,
): void {
  const end = b + <usize>n * bStep;
  for (let row: u32 = 0; row < rows; row += 2, a += 2 * aRow) {
    let s00 = zero(), s01 = zero(), s02 = zero(), s03 = zero();
    let s10 = zero(), s11 = zero(), s12 = zero(), s13 = zero();
    let a0 = a, a1 = a0 + aRow, at = b;
    let x0: v128, x1: v128, b0: v128, b1: v128, b2: v128, b3: v128;
    while (at != end) {
      b0 = v128.load(at); b1 = v128.load(at, 16); b2 = v128.load(at, 32); b3 = v128.load(at, 48);
      x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1)); s02 = add(s02, mul(x0, b2)); s03 = add(s03, mul(x0, b3));
      x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1)); s12 = add(s12, mul(x1, b2)); s13 = add(s13, mul(x1, b3));
      a0 += aStep; a1 += aStep; at += bStep;
      if (at == end) break;
      b0 = v128.load(at); b1 = v128.load(at, 16); b2 = v128.load(at, 32); b3 = v128.load(at, 48);
      x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1)); s02 = add(s02, mul(x0, b2)); s03 = add(s03, mul(x0, b3));
      x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1)); s12 = add(s12, mul(x1, b2)); s13 = add(s13, mul(x1, b3));
      a0 += aStep; a1 += aStep; at += bStep;
      if (at == end) break;
      b0 = v128.load(at); b1 = v128.load(at, 16); b2 = v128.load(at, 32); b3 = v128.load(at, 48);
      x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1)); s02 = add(s02, mul(x0, b2)); s03 = add(s03, mul(x0, b3));
      x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1)); s12 = add(s12, mul(x1, b2)); s13 = add(s13, mul(x1, b3));
      a0 += aStep; a1 += aStep; at += bStep;
      if (at == end) break;
      b0 = v128.load(at); b1 = v128.load(at, 16); b2 = v128.load(at, 32); b3 = v128.load(at, 48);
      x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1)); s02 = add(s02, mul(x0, b2)); s03 = add(s03, mul(x0, b3));
      x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1)); s12 = add(s12, mul(x1, b2)); s13 = add(s13, mul(x1, b3));
      a0 += aStep; a1 += aStep; at += bStep;
    }
    finish<Ending>(c, other, rate, s00);
    finish<Ending>(c + 16, other + 16, rate, s01);
    finish<Ending>(c + 32, other + 32, rate, s02);
    finish<Ending>(c + 48, other + 48, rate, s03);
    c += cRow;
    finish<Ending>(c, other, rate, s10);
    finish<Ending>(c + 16, other + 16, rate, s11);
    finish<Ending>(c + 32, other + 32, rate, s12);
    finish<Ending>(c + 48, other + 48, rate, s13);
    c += cRow;
  }
}

export function tile2x12<Ending>(
  a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, n: u32, c: usize, cRow: usize, other: usize, rate: v128,
  rows: u32,
): void {
  const end = b + <usize>n * bStep;
  for (let row: u32 = 0; row < rows; row += 2, a += 2 * aRow) {
    let s00 = zero(), s01 = zero(), s02 = zero();
    let s10 = zero(), s11 = zero(), s12 = zero();
    let a0 = a, a1 = a0 + aRow, at = b;
    while (at != end) {
      const b0 = v128.load(at), b1 = v128.load(at, 16), b2 = v128.load(at, 32);
      const x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1)); s02 = add(s02, mul(x0, b2));
      const x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1)); s12 = add(s12, mul(x1, b2));
      a0 += aStep; a1 += aStep; at += bStep;
    }
    finish<Ending>(c, other, rate, s00);
    finish<Ending>(c + 16, other + 16, rate, s01);
    finish<Ending>(c + 32, other + 32, rate, s02);
    c += cRow;
    finish<Ending>(c, other, rate, s10);
    finish<Ending>(c + 16, other + 16, rate, s11);
    finish<Ending>(c + 32, other + 32, rate, s12);
    c += cRow;
  }
}

export function tile4x8<Ending>(
  a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, n: u32, c: usize, cRow: usize, other: usize, rate: v128,
  rows: u32,
): void {
  const end = b + <usize>n * bStep;
  for (let row: u32 = 0; row < rows; row += 4, a += 4 * aRow) {
    let s00 = zero(), s01 = zero();
    let s10 = zero(), s11 = zero();
    let s20 = zero(), s21 = zero();
    let s30 = zero(), s31 = zero();
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, at = b;
    while (at != end) {
      const b0 = v128.load(at), b1 = v128.load(at, 16);
      const x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0)); s01 = add(s01, mul(x0, b1));
      const x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0)); s11 = add(s11, mul(x1, b1));
      const x2 = v128.load_splat<f32>(a2);
      s20 = add(s20, mul(x2, b0)); s21 = add(s21, mul(x2, b1));
      const x3 = v128.load_splat<f32>(a3);
      s30 = add(s30, mul(x3, b0)); s31 = add(s31, mul(x3, b1));
      a0 += aStep; a1 += aStep; a2 += aStep; a3 += aStep; at += bStep;
    }
    finish<Ending>(c, other, rate, s00);
    finish<Ending>(c + 16, other + 16, rate, s01);
    c += cRow;
    finish<Ending>(c, other, rate, s10);
    finish<Ending>(c + 16, other + 16, rate, s11);
    c += cRow;
    finish<Ending>(c, other, rate, s20);
    finish<Ending>(c + 16, other + 16, rate, s21);
    c += cRow;
    finish<Ending>(c, other, rate, s30);
    finish<Ending>(c + 16, other + 16, rate, s31);
    c += cRow;
  }
}

export function tile4x4<Ending>(
  a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, n: u32, c: usize, cRow: usize, other: usize, rate: v128,
  rows: u32,
): void {
  const end = b + <usize>n * bStep;
  for (let row: u32 = 0; row < rows; row += 4, a += 4 * aRow) {
    let s00 = zero();
    let s10 = zero();
    let s20 = zero();
    let s30 = zero();
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, at = b;
    while (at != end) {
      const b0 = v128.load(at);
      const x0 = v128.load_splat<f32>(a0);
      s00 = add(s00, mul(x0, b0));
      const x1 = v128.load_splat<f32>(a1);
      s10 = add(s10, mul(x1, b0));
      const x2 = v128.load_splat<f32>(a2);
      s20 = add(s20, mul(x2, b0));
      const x3 = v128.load_splat<f32>(a3);
      s30 = add(s30, mul(x3, b0));
      a0 += aStep; a1 += aStep; a2 += aStep; a3 += aStep; at += bStep;
    }
    finish<Ending>(c, other, rate, s00);
    c += cRow;
    finish<Ending>(c, other, rate, s10);
    c += cRow;
    finish<Ending>(c, other, rate, s20);
    c += cRow;
    finish<Ending>(c, other, rate, s30);
    c += cRow;
  }
}
