import { expFloat32, logFloat32, sigmoidFloat32, tanhFloat32 } from 'fedtempo/shared/math/float32.js';
import { expect, test } from 'vitest';

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The distance between neighbouring float32 values at x. */
function unitInLastPlace(x: number): number {
  float[0] = x;
  return 2 ** (Math.max((bits[0] >> 23) & 0xff, 1) - 150);
}

/** Largest error in ulp over every `stride`th float32 of [low, high], with both signs where the function has them. */
function worst(f: (x: number) => number, exact: (x: number) => number, low: number, high: number, signs: number[]) {
  const stride = 2003;
  float[0] = low;
  const first = bits[0];
  float[0] = high;
  const last = bits[0];
  let largest = 0;
  for (let word = first; word <= last; word += stride) {
    for (const sign of signs) {
      bits[0] = word;
      const x = sign * float[0];
      const expected = exact(x);
      largest = Math.max(largest, Math.abs(f(x) - expected) / unitInLastPlace(Math.fround(expected)));
    }
  }
  return largest;
}

// float64 functions of any engine err by less than 2^−50, which does not count here.
test.each([
  ['exp', 1, () => worst(expFloat32, Math.exp, 1e-30, 87.3, [1, -1])],
  ['ln', 1, () => worst(logFloat32, Math.log, 1.2e-38, 3e38, [1])],
  ['tanh', 1.5, () => worst(tanhFloat32, Math.tanh, 1e-30, 100, [1, -1])],
  ['sigmoid', 2.5, () => worst(sigmoidFloat32, (x) => 1 / (1 + Math.exp(-x)), 1e-30, 87.3, [1, -1])],
] as const)('%s errs by less than %f ulp', (_, bound, measure) => {
  expect(measure()).toBeLessThan(bound);
});

test('at the ends the functions stay finite and keep their limits', () => {
  expect(expFloat32(1000)).toBe(expFloat32(88));
  expect(expFloat32(-1000)).toBeGreaterThan(0);
  expect(expFloat32(0)).toBe(1);
  expect(logFloat32(1)).toBe(0);
  expect(tanhFloat32(50)).toBe(1);
  expect(tanhFloat32(-50)).toBe(-1);
  expect(sigmoidFloat32(0)).toBe(0.5);
  expect(sigmoidFloat32(100)).toBe(1);
});
