/** The files of test/golden/npz are NumPy's own; make.py there has made them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type NpzOptions, readNpz } from 'fedtempo/shared/data/readers/npz.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { strToU8, zipSync } from 'fflate';
import { expect, test } from 'vitest';

const golden = (name: string) => Uint8Array.from(readFileSync(new URL(`../golden/npz/${name}.npz`, import.meta.url)));

function refusal(bytes: Uint8Array, options: NpzOptions = {}): FedtempoError {
  try {
    readNpz(bytes, 'a.npz', options);
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

/** An .npy array with a header of our own writing. */
function npy(descr: string, shape: string, values: Uint8Array, order = 'False', version = 1): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length, 0, 0, 0];
  return Uint8Array.from([0x93, ...strToU8('NUMPY'), version, 0, ...length, ...strToU8(header), ...values]);
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const x = npy('<f4', '(2, 2)', floats(1, 2, 3, 4));
const y = npy('|u1', '(2,)', Uint8Array.of(1, 0));
const archive = (changes: Record<string, Uint8Array> = {}) => zipSync({ 'x.npy': x, 'y.npy': y, ...changes });

const values = [0.5, -1.25, 3, 0, 7, 255, 1e-3, 2, 65504, 4, 5, 6];

test.each(['float64', 'float32-packed'])('%s as NumPy writes it is read', (name) => {
  const { featureCount, features, labels } = readNpz(golden(name), 'a.npz');
  expect(featureCount).toBe(3);
  expect([...features]).toEqual(values.map(Math.fround));
  expect([...labels]).toEqual([2, 0, 1, 2]);
});

test('unsigned bytes stay bytes, dimensions behind the first are flattened, other arrays passed over', () => {
  const { featureCount, features, labels } = readNpz(golden('bytes'), 'a.npz');
  expect(featureCount).toBe(6);
  expect(features).toBeInstanceOf(Uint8Array);
  expect([...features]).toEqual(Array.from({ length: 24 }, (_, index) => index));
  expect([...labels]).toEqual([2, 0, 1, 2]);
});

test('a scale divides floats in float64 and rounds once', () => {
  const { features } = readNpz(golden('float64'), 'a.npz', { scale: 3 });
  expect([...features]).toEqual(values.map((value) => Math.fround(value / 3)));
});

test.each([1, 2, 3])('version %i of the header is read', (version) => {
  const { features } = readNpz(archive({ 'x.npy': npy('<f4', '(2, 1)', floats(5, 6), 'False', version) }), 'a.npz');
  expect([...features]).toEqual([5, 6]);
});

test.each<[string, string, string]>([
  ['fortran', 'a.npz: x.npy', 'Fortran order'],
  ['big-endian', 'a.npz: x.npy', 'another type'],
  ['half', 'a.npz: x.npy', 'another type'],
  ['missing', 'a.npz: x.npy[1, 1]', 'no finite number'],
  ['negative', 'a.npz: y.npy[1]', 'no class'],
  ['one-hot', 'a.npz: y.npy', 'not one label for each example'],
  ['flat', 'a.npz: x.npy', 'not an array of features'],
  ['other-names', 'a.npz', 'the arrays are not there'],
])('%s as NumPy writes it is one clear error', (name, where, summary) => {
  const error = refusal(golden(name));
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.details.where).toBe(where);
  expect(error.summary).toContain(summary);
  for (const part of ['found', 'expected', 'fix'] as const) expect(error.details[part]).toBeTruthy();
});

test('arrays of other names are listed', () => {
  expect(refusal(golden('other-names')).details.found).toBe('inputs, targets');
});

test.each<[string, Uint8Array, string, string]>([
  ['an empty file', new Uint8Array(0), 'not a ZIP archive', '0 bytes'],
  ['text', strToU8('a page of text, longer than an end record'), 'not a ZIP archive', '41 bytes'],
  ['an entry that is no array', archive({ 'x.npy': strToU8('some other content') }), 'not an .npy array', '18 bytes'],
  ['another version', archive({ 'x.npy': npy('<f4', '(2, 1)', floats(1, 2), 'False', 4) }), 'another version', '4'],
  ['objects', archive({ 'x.npy': npy('|O', '(2, 1)', floats(1, 2)) }), 'another type', '|O'],
  ['a name of every object', archive({ 'x.npy': npy('toString', '(2, 1)', floats(1)) }), 'another type', 'toString'],
  ['no dimensions', archive({ 'x.npy': npy('<f4', '()', floats(1)) }), 'an impossible shape', '()'],
  ['an empty dimension', archive({ 'x.npy': npy('<f4', '(2, 0)', floats()) }), 'an impossible shape', '(2, 0)'],
  [
    'a product past 2^53',
    archive({ 'x.npy': npy('<f4', '(9007199254740993, 2)', floats(1)) }),
    'an impossible shape',
    '9007199254740992',
  ],
  ['fewer values than declared', archive({ 'x.npy': npy('<f4', '(2, 2)', floats(1, 2, 3)) }), 'do not fit', '12 bytes'],
  ['more values than declared', archive({ 'x.npy': npy('<f4', '(2, 1)', floats(1, 2, 3)) }), 'do not fit', '12 bytes'],
  ['a header of code', archive({ 'x.npy': npy('<f4', '(2, 1), **evil', floats(1, 2)) }), 'not understood', 'evil'],
  ['infinity', archive({ 'x.npy': npy('<f4', '(2, 1)', floats(1, Infinity)) }), 'no finite number', 'Infinity'],
  ['fewer labels than examples', archive({ 'y.npy': npy('|u1', '(1,)', Uint8Array.of(1)) }), 'not one label', '(1)'],
])('%s is one clear error', (_, bytes, summary, found) => {
  const error = refusal(bytes);
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.details.where).toMatch(/^a\.npz/);
  expect(error.summary).toContain(summary);
  expect(error.details.found).toContain(found);
  expect(error.details.expected).toBeTruthy();
  expect(error.details.fix).toBeTruthy();
});

/** The place of the first entry in the central directory. */
function directoryOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(bytes.length - 22 + 16, true);
}

test('an entry that declares more than the limit is refused before it is unpacked', () => {
  const packed = zipSync({ 'x.npy': npy('|u1', '(1000, 1000)', new Uint8Array(1_000_000)), 'y.npy': y });
  expect(packed.length).toBeLessThan(3000);
  const error = refusal(packed, { maxBytes: 1_000_000 });
  expect(error.summary).toBe('the array is too large');
  expect(error.details).toMatchObject({ where: 'a.npz: x.npy', expected: 'at most 1000000 bytes' });
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  view.setUint32(directoryOf(packed) + 24, 0xfffffffe, true);
  expect(refusal(packed).details.found).toBe('4294967294 bytes once unpacked');
});

test('both arrays together must stay within the limit', () => {
  const whole = x.length + y.length;
  expect(readNpz(archive(), 'a.npz', { maxBytes: whole }).labels.length).toBe(2);
  expect(refusal(archive(), { maxBytes: whole - 1 }).details.where).toBe('a.npz: y.npy');
});

test('an entry that unpacks to more than it declares is corrupt, and nothing grows', () => {
  const packed = zipSync({ 'x.npy': npy('|u1', '(1000, 1000)', new Uint8Array(1_000_000)), 'y.npy': y });
  new DataView(packed.buffer).setUint32(packed.byteOffset + directoryOf(packed) + 24, 500, true);
  expect(refusal(packed).summary).toBe('the entry is corrupt');
});

test('a byte changed in the values is told by its CRC-32, packed or not', () => {
  for (const level of [0, 9] as const) {
    const bytes = zipSync({ 'x.npy': x, 'y.npy': y }, { level });
    const at = 30 + 'x.npy'.length + (level === 0 ? x.length - 3 : 20);
    bytes[at] ^= 4;
    expect(refusal(bytes)).toMatchObject({ code: 'DATASET_INVALID', details: { where: 'a.npz: x.npy' } });
  }
});

test.each<[string, (view: DataView, entry: number) => void, string]>([
  ['encrypted', (view, entry) => view.setUint16(entry + 8, 1, true), 'an entry of another kind'],
  ['packed in another way', (view, entry) => view.setUint16(entry + 10, 14, true), 'an entry of another kind'],
  ['beyond the end', (view, entry) => view.setUint32(entry + 42, 0x7fffffff, true), 'damaged or cut short'],
  ['longer than the file', (view, entry) => view.setUint32(entry + 20, 0x7fffffff, true), 'damaged or cut short'],
])('an entry that is said to be %s is refused', (_, change, summary) => {
  const bytes = archive();
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), directoryOf(bytes));
  expect(refusal(bytes).summary).toContain(summary);
});

test('every prefix of a sound file is refused', () => {
  const bytes = archive();
  for (let length = 0; length < bytes.length; length++) {
    expect(refusal(bytes.subarray(0, length)).code).toBe('DATASET_INVALID');
  }
});

test('a long header of digits takes no longer than another', () => {
  const shape = `(${'1'.repeat(3900)}`;
  const began = process.cpuUsage();
  expect(refusal(archive({ 'x.npy': npy('<f4', shape, floats(1)) })).summary).toContain('not understood');
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(500);
});

test('files with bytes changed are read or refused, and nothing else happens', () => {
  const sound = [archive(), zipSync({ 'features.npy': x, 'labels.npy': y }, { level: 0 }), golden('float32-packed')];
  const change = fc.tuple(fc.nat(2000), fc.constantFrom(0, 1, 2, 8, 127, 128, 255), fc.boolean());
  const edits = fc.array(change, { minLength: 1, maxLength: 6 });
  let accepted = 0;
  fc.assert(
    fc.property(fc.constantFrom(...sound), edits, fc.nat(30), (whole, changes, cut) => {
      const bytes = whole.slice(0, whole.length - (cut < 3 ? cut : 0));
      for (const [place, byte, fromEnd] of changes) {
        // Half of them in the directory, which is at the end and decides everything.
        const at = fromEnd ? bytes.length - 1 - (place % 130) : place % bytes.length;
        bytes[at] = byte;
      }
      try {
        const { featureCount, features, labels } = readNpz(bytes, 'fuzz.npz', { maxBytes: 2 ** 20 });
        expect(features.length).toBe(labels.length * featureCount);
        accepted += 1;
      } catch (error) {
        if (!(error instanceof FedtempoError)) throw error;
        expect(error.code).toBe('DATASET_INVALID');
      }
    }),
    { numRuns: 4000 },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('an array with bytes changed, its CRC-32 right, is read or refused, and nothing else happens', () => {
  const edits = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom('x.npy', 'y.npy'), edits, (name, changes) => {
      const array = Uint8Array.from(name === 'x.npy' ? x : y);
      for (const [place, byte] of changes) array[place % array.length] = byte;
      try {
        readNpz(archive({ [name]: array }), 'fuzz.npz');
      } catch (error) {
        if (!(error instanceof FedtempoError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
