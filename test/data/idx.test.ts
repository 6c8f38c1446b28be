import fc from 'fast-check';
import { readIdx } from 'fedtempo/shared/data/readers/idx.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { expect, test } from 'vitest';

/** Two images of 2 × 3: magic, dimensions 2, 2, 3 as big-endian uint32, twelve values. */
// biome-ignore format: one dimension a line
const twoImages = Uint8Array.of(
  0, 0, 8, 3,
  0, 0, 0, 2,
  0, 0, 0, 2,
  0, 0, 0, 3,
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 254, 255,
);

test('an IDX file of images is read from its bytes', () => {
  const { dimensions, values } = readIdx(twoImages, 'two');
  expect(dimensions).toEqual([2, 2, 3]);
  expect([...values]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 254, 255]);
});

test('an IDX file of labels is read from its bytes', () => {
  const { dimensions, values } = readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9), 'labels');
  expect(dimensions).toEqual([3]);
  expect([...values]).toEqual([7, 0, 9]);
});

test('values are a view of the bytes, not a copy', () => {
  expect(readIdx(twoImages, 'two').values.buffer).toBe(twoImages.buffer);
});

test('bytes that lie inside a larger buffer are read from their own start', () => {
  const padded = new Uint8Array(twoImages.length + 5);
  padded.set(twoImages, 5);
  expect(readIdx(padded.subarray(5), 'inner').dimensions).toEqual([2, 2, 3]);
});

const word = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

test.each<[string, number[], string, string]>([
  ['an empty file', [], 'too short for an IDX header', '0 bytes'],
  ['three bytes', [0, 0, 8], 'too short for an IDX header', '3 bytes'],
  ['a first byte that is not 0', [1, 0, 8, 1, ...word(1), 5], 'not an IDX file', '0x01 0x00'],
  ['a second byte that is not 0', [0, 31, 8, 1, ...word(1), 5], 'not an IDX file', '0x00 0x1f'],
  ['values of type float32', [0, 0, 13, 1, ...word(1), 0, 0, 0, 0], 'another type', 'type 0x0d'],
  ['no dimensions', [0, 0, 8, 0, 5], 'impossible number of dimensions', '0'],
  ['five dimensions', [0, 0, 8, 5, 5], 'impossible number of dimensions', '5'],
  ['a header that ends early', [0, 0, 8, 3, ...word(2), 0, 0], 'the header is truncated', '10 bytes'],
  ['an empty dimension', [0, 0, 8, 2, ...word(2), ...word(0)], 'a dimension is empty', '2 × 0'],
  ['one value too few', [0, 0, 8, 1, ...word(3), 1, 2], 'the file is truncated', '2 bytes of values'],
  ['one value too many', [0, 0, 8, 1, ...word(3), 1, 2, 3, 4], 'goes on after its values', '4 bytes of values'],
  ['4 GiB declared', [0, 0, 8, 1, ...word(0xffffffff), 1], 'the file is truncated', '1 byte of values'],
  [
    'a product past 2^53, where a 32-bit product would be 0',
    [0, 0, 8, 4, ...word(0x80000000), ...word(0x80000000), ...word(2), ...word(2)],
    'more than any file holds',
    '2147483648 × 2147483648 × 2 × 2',
  ],
])('%s is one clear error', (_, bytes, summary, found) => {
  const error = refusal(Uint8Array.from(bytes));
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.message).toContain(`some/file: `);
  expect(error.message).toContain(summary);
  expect(error.details.found).toContain(found);
  expect(error.details.expected).toBeTruthy();
  expect(error.details.fix).toBeTruthy();
});

test('every prefix of a sound file is refused', () => {
  for (let length = 0; length < twoImages.length; length++) {
    expect(refusal(twoImages.subarray(0, length)).code).toBe('DATASET_INVALID');
  }
});

test('arbitrary bytes are read or refused, and nothing else happens', () => {
  const header = fc.tuple(
    fc.constantFrom(0, 1),
    fc.constantFrom(0, 8),
    fc.constantFrom(8, 9),
    fc.integer({ max: 6, min: 0 }),
  );
  const nearly = fc
    .tuple(header, fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 255), { maxLength: 40 }))
    .map(([start, rest]) => Uint8Array.from([...start, ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), nearly), (bytes) => {
      try {
        const { dimensions, values } = readIdx(bytes, 'fuzz');
        expect(values.length).toBe(dimensions.reduce((product, length) => product * length, 1));
      } catch (error) {
        if (!(error instanceof FedtempoError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is written is what is read', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.nat(255), (shape, first) => {
      const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => (first + index) & 255);
      const read = readIdx(Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap(word), ...values]), 'law');
      expect(read.dimensions).toEqual(shape);
      expect([...read.values]).toEqual(values);
    }),
  );
});

function refusal(bytes: Uint8Array): FedtempoError {
  try {
    readIdx(bytes, 'some/file');
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('the bytes were read');
}
