/**
 * Portable elementary functions in float64.
 *
 * Engines differ in the last bits of Math.exp, log, pow and cos, so anything that reaches a weight or a schedule uses
 * these. They need only + − × ÷ sqrt and rounding, which IEEE 754 fixes to the bit. Tests hold exp and log to 4 ulp against
 * high-precision values, cos to 4 ulp but for 2^−66 absolute at its zeros, and base^y to 4 + 2·|y ln base| ulp (plus y where
 * products are used). That is ample: what matters is that all machines agree.
 */

const LN2_HIGH = 0.6931471803691238; // the upper 32 bits of ln 2: n · LN2_HIGH is exact for |n| < 2^20
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = 1.4426950408889634;
const SQRT_HALF = 0.7071067811865476;

/** 2^n for an integer −1074 ≤ n ≤ 1023, exact. */
export function powerOfTwo(n: number): number {
  let result = 1;
  let factor = n < 0 ? 0.5 : 2;
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/** e^x. Range reduction to |r| ≤ ln 2 / 2, then the Taylor series to degree 14 (remainder below 2^−58). */
export function exponential(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const n = Math.round(x * INVERSE_LN2);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let degree = 14; degree >= 1; degree--) sum = 1 + (r / degree) * sum;
  // Two factors, since 2^n alone leaves the range where e^x does not.
  const half = Math.trunc(n / 2);
  return sum * powerOfTwo(half) * powerOfTwo(n - half);
}

/** Splits a positive finite x into m · 2^e with √½ ≤ m < √2. */
function splitExponent(x: number): { mantissa: number; exponent: number } {
  let mantissa = x;
  let exponent = 0;
  for (let step = 512; step >= 1; step /= 2) {
    while (mantissa >= powerOfTwo(step)) {
      mantissa *= powerOfTwo(-step);
      exponent += step;
    }
    while (mantissa < powerOfTwo(-step)) {
      mantissa *= powerOfTwo(step);
      exponent -= step;
    }
  }
  if (mantissa >= 2 * SQRT_HALF) {
    mantissa /= 2;
    exponent += 1;
  } else if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  return { mantissa, exponent };
}

/** Natural logarithm; −∞ at 0, NaN below. ln m = 2 artanh((m − 1)/(m + 1)), the series to degree 21. */
export function logarithm(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  const { mantissa, exponent } = splitExponent(x);
  const f = mantissa - 1;
  const s = f / (mantissa + 1);
  const square = s * s;
  let tail = 0;
  for (let degree = 21; degree >= 3; degree -= 2) tail = square * (1 / degree + tail);
  // ln m = 2s(1 + tail), written about f because 2s has a rounding error that f has not: 2s = f − s·f.
  return exponent * LN2_HIGH + (f - (s * (f - 2 * tail) - exponent * LN2_LOW));
}

/**
 * base^exponent for base ≥ 0. Integer exponents up to 1,024 and halves of them use products and square roots alone, so
 * that powers 1, 2 and ½ are as exact as the arithmetic; others are e^(exponent · ln base).
 */
export function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (exponent < 0) return 1 / power(base, -exponent);
  if (base === 0 || base === 1) return base;
  if (Number.isInteger(exponent) && exponent <= 1024) return integerPower(base, exponent);
  if (Number.isInteger(2 * exponent) && exponent <= 1024) {
    return integerPower(base, exponent - 0.5) * Math.sqrt(base);
  }
  return exponential(exponent * logarithm(base));
}

function integerPower(base: number, exponent: number): number {
  let result = 1;
  let factor = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/** cos x for |x| ≤ 2^20: reduced to |r| ≤ π/4 about a multiple of π/2, then Taylor series. */
export function cosine(x: number): number {
  const quarter = Math.round(x * (2 / Math.PI));
  const r = x - quarter * PI_2_HIGH - quarter * PI_2_LOW;
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return cosineSeries(r);
    case 1:
      return -sineSeries(r);
    case 2:
      return -cosineSeries(r);
    default:
      return sineSeries(r);
  }
}

const PI_2_HIGH = 1.5707963267341256; // the upper 33 bits of π/2: multiples up to 2^20 are exact
const PI_2_LOW = 6.077100506506192e-11;

function cosineSeries(r: number): number {
  const square = r * r;
  let sum = 1;
  for (let degree = 18; degree >= 2; degree -= 2) sum = 1 - (square / (degree * (degree - 1))) * sum;
  return sum;
}

function sineSeries(r: number): number {
  const square = r * r;
  let sum = 1;
  for (let degree = 17; degree >= 3; degree -= 2) sum = 1 - (square / (degree * (degree - 1))) * sum;
  return r * sum;
}
