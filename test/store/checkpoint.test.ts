import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { encodeCheckpoint, readCheckpoint, seal, weightsOf } from 'fedtempo/server/store/checkpoint.js';
import { encodeSafetensors } from 'fedtempo/server/store/safetensors.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { expect, test } from 'vitest';
import { facts, layout, smallCheckpoint, velocity, weights } from '../support/checkpoint.js';

const whole = smallCheckpoint();

/** What reading it is refused with; reading must do nothing else. */
function refusal(bytes: Uint8Array): FedtempoError | undefined {
  try {
    readCheckpoint(bytes, 'c.safetensors');
    return undefined;
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
}

test('a checkpoint gives back facts, weights and further tensors, bit for bit', () => {
  const { tensors, ...rest } = readCheckpoint(whole, 'c.safetensors');
  expect(rest).toEqual(facts);
  expect(weightsOf({ tensors, ...rest }, layout)).toEqual(weights);
  expect(tensors.get('state.velocity')).toEqual({ shape: [velocity.length], values: velocity });
  expect([...tensors.keys()].sort()).toEqual([
    'layers.0.bias',
    'layers.0.weight',
    'layers.1.bias',
    'layers.1.weight',
    'state.velocity',
  ]);
});

test('its digest is the SHA-256 of the file with the digest as zeros', () => {
  const text = whole.toString('latin1');
  const digest = text.match(/"sha256":"([0-9a-f]{64})"/)?.[1] as string;
  const blank = Buffer.from(text.replace(digest, '0'.repeat(64)), 'latin1');
  expect(createHash('sha256').update(blank).digest('hex')).toBe(digest);
});

test('cut at any byte it is refused, by name and with what was found', () => {
  for (let length = 0; length < whole.length; length++) {
    const error = refusal(whole.subarray(0, length));
    expect(error?.code).toBe('CHECKPOINT_INVALID');
    expect(error?.details.where).toBe('c.safetensors');
    expect(error?.details.found).toContain(`${length} bytes`);
    expect(error?.details.expected).not.toBe('');
  }
});

test('changed in any byte it is refused', () => {
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(whole);
      changed[at] ^= flip;
      expect(refusal(changed)?.code, `byte ${at} ^ ${flip}`).toBe('CHECKPOINT_INVALID');
    }
  }
});

test('lengthened it is refused', () => {
  expect(refusal(Buffer.concat([whole, Buffer.alloc(1)]))?.code).toBe('CHECKPOINT_INVALID');
});

test('no bytes at all, sealed or not, do anything but refuse or be read', () => {
  const zeros = '0'.repeat(64);
  const sealed = fc.json({ maxDepth: 4 }).map((rest) => {
    const header = `{"__metadata__":{"sha256":"${zeros}","x":${rest}}}`;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    return seal(Buffer.concat([length, Buffer.from(header)]));
  });
  const beginning = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.concat([whole.subarray(0, 100), bytes]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), beginning, beginning.map(seal), sealed), (bytes) => {
      expect(refusal(bytes)?.code).toBe('CHECKPOINT_INVALID');
    }),
    { numRuns: 2000 },
  );
});

/** Properly sealed, with one entry of the metadata changed. */
function withMetadata(changes: Record<string, string | undefined>): Buffer {
  const { tensors } = readCheckpoint(whole, '');
  const header = JSON.parse(whole.toString('utf8', 8, 8 + Number(whole.readBigUInt64LE(0))));
  const metadata = { ...header.__metadata__, sha256: '0'.repeat(64), ...changes };
  return seal(encodeSafetensors({ metadata, tensors }));
}

test.each([
  ['version', '2', /another format\n {2}found: {4}version 2\n {2}expected: version 1/],
  ['version', undefined, /another format/],
  ['rounds', '-1', /metadata\.rounds/],
  ['rounds', '1e3', /metadata\.rounds/],
  ['scenario', 'short', /metadata\.scenario/],
  ['lines', '{"rounds":1}', /metadata\.lines/],
  ['lines', '{', /metadata\.lines/],
  ['state', 'undefined', /metadata\.state/],
  ['clientState', '3', /metadata\.clientState/],
])('well sealed, but with %s %s, it is refused', (name, value, message) => {
  expect(refusal(withMetadata({}))).toBeUndefined();
  expect(refusal(withMetadata({ [name]: value }))?.message).toMatch(message);
});

test('a checkpoint of another model is refused', () => {
  const other = createModel([3, 5, 2], 'tanh', 'softmaxCrossEntropy').layout;
  const deeper = createModel([3, 4, 2, 2], 'tanh', 'softmaxCrossEntropy').layout;
  const checkpoint = readCheckpoint(whole, 'c.safetensors');
  expect(() => weightsOf(checkpoint, other)).toThrow(
    /another model[\s\S]*layers\.0\.weight is \[3 × 4\][\s\S]*\[3 × 5\]/,
  );
  expect(() => weightsOf(checkpoint, deeper)).toThrow(/no tensor layers\.2\.weight/);
});

test('a state that JSON would not give back is not written', () => {
  const state = { learningRate: { best: Number.POSITIVE_INFINITY } };
  expect(() => encodeCheckpoint({ ...facts, state }, layout, weights)).toThrow(/best is Infinity/);
});
