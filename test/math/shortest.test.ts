import fc from 'fast-check';
import { shortestFloat32 } from 'fedtempo/shared/math/shortest.js';
import { expect, test } from 'vitest';

test.each([
  [0.1, 0.1],
  [0.3, 0.3],
  [0.0955, 0.0955],
  [1 / 3, 0.33333334],
  [0.2955, 0.2955],
  [16777216, 16777216],
  [123456789, 123456790],
  [3.4028234663852886e38, 3.4028235e38],
  [2 ** -149, 1e-45],
  [-2.5e-7, -2.5e-7],
  [0, 0],
])('the float32 of %d is written %d', (value, written) => {
  expect(shortestFloat32(Math.fround(value))).toBe(written);
});

test.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])('%d stays itself', (value) => {
  expect(shortestFloat32(value)).toBe(value);
});

test('what is written reads back as the same float32', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      expect(Math.fround(shortestFloat32(value)) === value).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('a decimal of up to six digits is written as it was given', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -30, max: 30 }), (digits, exponent) => {
      const decimal = Number(`${digits}e${exponent}`);
      expect(shortestFloat32(Math.fround(decimal))).toBe(decimal);
    }),
    { numRuns: 2000 },
  );
});
