/**
 * exp, tanh and sigmoid on four lanes, ln on one: operation for operation those of shared/math/float32.ts, whose bits
 * they must have. Coefficients: Cephes single precision (S. Moshier, 1992).
 */
import { add, mul, sub } from './lanes';

@inline function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** e^x, x clamped to [−87.3365, 88]. */
export function exp4(input: v128): v128 {
  let x = f32x4.pmax(input, splat(-87.3365478515625));
  x = f32x4.pmin(x, splat(88.0));
  // Adding 1.5 · 2^23 rounds to an integer, which then also stands in the low bits.
  const shifted = add(mul(x, splat(1.44269504088896341)), splat(12582912));
  const n = sub(shifted, splat(12582912));
  const r = sub(sub(x, mul(n, splat(0.693359375))), mul(n, splat(-2.1219444e-4)));
  let p = add(mul(splat(1.98756915e-4), r), splat(1.3981999507e-3));
  p = add(mul(p, r), splat(8.3334519073e-3));
  p = add(mul(p, r), splat(4.1665795894e-2));
  p = add(mul(p, r), splat(1.6666665459e-1));
  p = add(mul(p, r), splat(5.0000001201e-1));
  p = add(add(mul(p, mul(r, r)), r), splat(1));
  return mul(p, i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23));
}

/** ln x for normal x > 0. */
export function ln(x: f32): f32 {
  const word = reinterpret<i32>(x);
  let exponent = ((word >> 23) & 0xff) - 126;
  let m = reinterpret<f32>((word & 0x007fffff) | 0x3f000000);
  if (m < <f32>0.707106781186547524) {
    exponent -= 1;
    m = m + m;
  }
  m = m - 1;
  const square = m * m;
  let p: f32 = <f32>7.0376836292e-2 * m + <f32>-1.151461031e-1;
  p = p * m + <f32>1.167699874e-1;
  p = p * m + <f32>-1.2420140846e-1;
  p = p * m + <f32>1.4249322787e-1;
  p = p * m + <f32>-1.6668057665e-1;
  p = p * m + <f32>2.0000714765e-1;
  p = p * m + <f32>-2.4999993993e-1;
  p = p * m + <f32>3.3333331174e-1;
  p = p * m * square;
  p = p + <f32>exponent * <f32>-2.1219444e-4;
  p = p - <f32>0.5 * square;
  return m + p + <f32>exponent * <f32>0.693359375;
}

/** tanh x: an odd polynomial for |x| < 0.625, else 1 − 2/(e^{2|x|} + 1) with the sign of x. */
export function tanh4(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = mul(x, x);
  let p = add(mul(splat(-5.70498872745e-3), square), splat(2.06390887954e-2));
  p = add(mul(p, square), splat(-5.37397155531e-2));
  p = add(mul(p, square), splat(1.33314422036e-1));
  p = add(mul(p, square), splat(-3.33332819422e-1));
  const small = add(mul(mul(p, square), x), x);
  const e = exp4(add(size, size));
  const large = sub(splat(1), f32x4.div(splat(2), add(e, splat(1))));
  const signed = v128.or(large, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(small, signed, f32x4.lt(size, splat(0.625)));
}

/** 1/(1 + e^−x), by e^−|x|. */
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const numerator = v128.bitselect(e, splat(1), f32x4.lt(x, splat(0)));
  return f32x4.div(numerator, add(splat(1), e));
}
