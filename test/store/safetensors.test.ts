import fc from 'fast-check';
import { decodeSafetensors, encodeSafetensors, type Tensor } from 'fedtempo/server/store/safetensors.js';
import { expect, test } from 'vitest';

/** A file by hand: header and tensor bytes as they are given. */
function file(header: string, tensorBytes = 0, stated = Buffer.byteLength(header)): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(stated));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(tensorBytes)]);
}

test('a file is the bytes that the format states', () => {
  const tensors = new Map<string, Tensor>([
    ['a', { shape: [2], values: Float32Array.of(1, -2) }],
    ['b', { shape: [1], values: Float64Array.of(0.5) }],
  ]);
  const header =
    '{"__metadata__":{"k":"v"},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}';
  const bytes = encodeSafetensors({ metadata: { k: 'v' }, tensors });
  // 133 characters and three blanks; 0.5, then 1 and −2, little-endian.
  expect(header).toHaveLength(133);
  expect(bytes.subarray(0, 8).toString('hex')).toBe('8800000000000000');
  expect(bytes.toString('utf8', 8, 144)).toBe(`${header}   `);
  expect(bytes.subarray(144).toString('hex')).toBe('000000000000e03f0000803f000000c0');
});

const values = fc.oneof(
  fc.array(fc.float({ noNaN: true })).map((numbers) => Float32Array.from(numbers)),
  fc.array(fc.double({ noNaN: true })).map((numbers) => Float64Array.from(numbers)),
  fc.array(fc.integer()).map((numbers) => Int32Array.from(numbers)),
  fc.array(fc.nat()).map((numbers) => Uint32Array.from(numbers)),
);

test('decode gives back whatever encode was given', () => {
  const names = fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__');
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.string()),
      fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name }),
      (metadata, entries) => {
        const tensors = new Map(entries.map(([name, all]) => [name, { shape: [1, all.length], values: all }]));
        const found = decodeSafetensors(encodeSafetensors({ metadata, tensors }));
        expect({ ...found.metadata }).toEqual({ ...metadata });
        expect([...found.tensors].sort()).toEqual([...tensors].sort());
      },
    ),
  );
});

const tensor = (type: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ t: { dtype: type, shape, data_offsets: offsets } });
const refusals: [string, Buffer, RegExp][] = [
  ['nothing', Buffer.alloc(0), /^0 bytes, too few for a header$/],
  ['a header beyond the file', file('{}', 0, 3), /^a header of 3 bytes in a file of 10$/],
  [
    'a header of 2^63 bytes',
    Buffer.from('000000000000008000', 'hex'),
    /^a header of 9223372036854776000 bytes, at most/,
  ],
  ['bytes that are no text', Buffer.from('0200000000000000fffe', 'hex'), /not UTF-8/],
  ['text that is no JSON', file('{"a":'), /not JSON/],
  ['a list', file('[]'), /not an object/],
  ['null', file('null'), /not an object/],
  ['a million brackets', file('['.repeat(1e6)), /not JSON/],
  ['a million nested lists', file(`{"t":${'['.repeat(1e6)}${']'.repeat(1e6)}}`), /tensor t is not of type/],
  ['metadata that are no texts', file('{"__metadata__":{"a":1}}'), /metadata/],
  ['an unknown type', file(tensor('BF16', [1], [0, 2]), 2), /tensor t is not of type F64, F32, I32, U32/],
  ['a type that objects have by birth', file(tensor('constructor', [1], [0, 2]), 2), /is not of type/],
  ['a negative size', file(tensor('F32', [-1], [0, -4])), /no valid shape/],
  ['a broken size', file(tensor('F32', [0.5], [0, 2]), 2), /no valid shape/],
  ['an endless size', file('{"t":{"dtype":"F32","shape":[1e999],"data_offsets":[0,1e999]}}'), /no valid shape/],
  ['nine dimensions', file(tensor('F32', new Array(9).fill(1), [0, 4]), 4), /no valid shape/],
  [
    'a product beyond all bounds',
    file(tensor('F32', new Array(8).fill(2 ** 53 - 1), [0, 4]), 4),
    /has 4 bytes, its shape/,
  ],
  ['one offset', file(tensor('F32', [1], [0]), 4), /no valid offsets/],
  ['offsets the wrong way round', file(tensor('F32', [1], [4, 0]), 4), /has -4 bytes/],
  ['a tensor beyond the file', file(tensor('F32', [2], [0, 8]), 4), /beyond the end/],
  ['a terabyte in a file of nothing', file(tensor('F32', [2 ** 38], [0, 2 ** 40])), /beyond the end/],
  ['a hole', file(tensor('F32', [1], [4, 8]), 8), /begins at 4, the one before ends at 0/],
  ['bytes of nobody', file(tensor('F32', [1], [0, 4]), 5), /^1 bytes after the last tensor$/],
];

test.each(refusals)('%s is refused with the reason', (_, bytes, reason) => {
  let error: unknown;
  try {
    decodeSafetensors(bytes);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RangeError);
  expect((error as RangeError).message).toMatch(reason);
});
