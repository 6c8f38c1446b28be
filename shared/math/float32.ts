/**
 * Portable elementary functions in float32: the same operations in the same order as the SIMD kernels use, one lane at
 * a time, so that both give equal bits. Every operation is rounded to float32 (`fround`), never fused.
 *
 * Coefficients: Cephes single precision (S. Moshier, 1992). Error bounds are stated in docs/mathematics.md and tested.
 */

const fround = Math.fround;
const bits = new Int32Array(1);
const asFloat = new Float32Array(bits.buffer);

const LOG2_E = fround(1.44269504088896341);
const LN2_HIGH = fround(0.693359375); // few enough bits that n · LN2_HIGH is exact
const LN2_LOW = fround(-2.1219444e-4);
/** Adding and subtracting 1.5 · 2^23 rounds to the nearest integer, ties to even. */
const ROUNDER = fround(12582912);
const EXP_LOWEST = fround(-87.3365478515625);
const EXP_HIGHEST = fround(88.0);

const E0 = fround(1.98756915e-4);
const E1 = fround(1.3981999507e-3);
const E2 = fround(8.3334519073e-3);
const E3 = fround(4.1665795894e-2);
const E4 = fround(1.6666665459e-1);
const E5 = fround(5.0000001201e-1);

/** e^x in float32. x is clamped to [−87.3365, 88], so the result is always finite and normal. */
export function expFloat32(input: number): number {
  let x = input < EXP_LOWEST ? EXP_LOWEST : input;
  x = x > EXP_HIGHEST ? EXP_HIGHEST : x;
  const n = fround(fround(fround(x * LOG2_E) + ROUNDER) - ROUNDER);
  const r = fround(fround(x - fround(n * LN2_HIGH)) - fround(n * LN2_LOW));
  let p = fround(fround(E0 * r) + E1);
  p = fround(fround(p * r) + E2);
  p = fround(fround(p * r) + E3);
  p = fround(fround(p * r) + E4);
  p = fround(fround(p * r) + E5);
  p = fround(fround(fround(p * fround(r * r)) + r) + fround(1));
  bits[0] = (n + 127) << 23;
  return fround(p * asFloat[0]);
}

const L0 = fround(7.0376836292e-2);
const L1 = fround(-1.151461031e-1);
const L2 = fround(1.167699874e-1);
const L3 = fround(-1.2420140846e-1);
const L4 = fround(1.4249322787e-1);
const L5 = fround(-1.6668057665e-1);
const L6 = fround(2.0000714765e-1);
const L7 = fround(-2.4999993993e-1);
const L8 = fround(3.3333331174e-1);
const SQRT_HALF = fround(0.707106781186547524);

/** ln x in float32 for normal x > 0 (what the losses need: sums of exponentials and probabilities). */
export function logFloat32(x: number): number {
  asFloat[0] = x;
  let exponent = ((bits[0] >> 23) & 0xff) - 126;
  bits[0] = (bits[0] & 0x007fffff) | 0x3f000000;
  let m = asFloat[0]; // in [½, 1)
  if (m < SQRT_HALF) {
    exponent -= 1;
    m = fround(m + m);
  }
  m = fround(m - fround(1));
  const square = fround(m * m);
  let p = fround(fround(L0 * m) + L1);
  p = fround(fround(p * m) + L2);
  p = fround(fround(p * m) + L3);
  p = fround(fround(p * m) + L4);
  p = fround(fround(p * m) + L5);
  p = fround(fround(p * m) + L6);
  p = fround(fround(p * m) + L7);
  p = fround(fround(p * m) + L8);
  p = fround(fround(p * m) * square);
  p = fround(p + fround(exponent * LN2_LOW));
  p = fround(p - fround(fround(0.5) * square));
  return fround(fround(m + p) + fround(exponent * LN2_HIGH));
}

const T0 = fround(-5.70498872745e-3);
const T1 = fround(2.06390887954e-2);
const T2 = fround(-5.37397155531e-2);
const T3 = fround(1.33314422036e-1);
const T4 = fround(-3.33332819422e-1);

/** tanh x in float32: an odd polynomial for |x| < 0.625, else 1 − 2/(e^{2|x|} + 1) with the sign of x. */
export function tanhFloat32(x: number): number {
  const size = x < 0 ? -x : x;
  if (size < 0.625) {
    const square = fround(x * x);
    let p = fround(fround(T0 * square) + T1);
    p = fround(fround(p * square) + T2);
    p = fround(fround(p * square) + T3);
    p = fround(fround(p * square) + T4);
    return fround(fround(fround(p * square) * x) + x);
  }
  const e = expFloat32(fround(size + size));
  const t = fround(fround(1) - fround(fround(2) / fround(e + fround(1))));
  return x < 0 ? -t : t;
}

/** 1/(1 + e^−x) in float32, by e^−|x| so that both tails keep their precision. */
export function sigmoidFloat32(x: number): number {
  const e = expFloat32(x < 0 ? x : -x);
  const numerator = x < 0 ? e : fround(1);
  return fround(numerator / fround(fround(1) + e));
}
