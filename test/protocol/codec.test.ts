import fc from 'fast-check';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { decodeFrame, encodeFrame, tensorOf } from 'fedtempo/shared/protocol/codec.js';
import { limits } from 'fedtempo/shared/protocol/limits.js';
import { clientMessage, serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { Packr } from 'msgpackr';
import { expect, test } from 'vitest';

function frameOf(header: Uint8Array, after: Uint8Array = new Uint8Array(0)): Uint8Array {
  const start = Math.ceil((4 + header.length) / 8) * 8;
  const frame = new Uint8Array(start + after.length);
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  frame.set(after, start);
  return frame;
}

test('a goodbye without a reason is these 32 bytes', () => {
  // fixmap of 2, 'type': 'goodbye', 'reason': '' — written out by hand from the msgpack specification.
  const header = [0x82, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa7, 0x67, 0x6f, 0x6f, 0x64, 0x62, 0x79, 0x65];
  const rest = [0xa6, 0x72, 0x65, 0x61, 0x73, 0x6f, 0x6e, 0xa0];
  const frame = encodeFrame({ type: 'goodbye', reason: '' });
  expect([...frame]).toEqual([22, 0, 0, 0, ...header, ...rest, 0, 0, 0, 0, 0, 0]);
});

test('decoding what was encoded gives the message and the very bits of the tensor', () => {
  fc.assert(
    fc.property(
      fc.record({
        run: fc.string({ maxLength: 20 }),
        round: fc.nat(),
        nonce: fc.string({ maxLength: 40 }),
        client: fc.nat(),
        examples: fc.nat(),
        // msgpack has no −0 among its integers; it travels as 0.
        trainMs: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
        loss: fc.double().map((value) => value + 0),
      }),
      fc.float32Array({ maxLength: 50 }),
      fc.nat({ max: 7 }),
      ({ loss, ...rest }, tensor, shift) => {
        const metrics = { loss, accuracy: 0.5, examplesUsed: 3 };
        const used = { learningRateFirst: 0.1, learningRateLast: 0.05, batchSize: 7, steps: 2, truncatedBatches: 1 };
        const message = { type: 'update' as const, ...rest, metrics, used };
        const frame = encodeFrame(message, tensor);
        // The network may hand frames over at any offset.
        const moved = new Uint8Array(frame.length + shift);
        moved.set(frame, shift);
        const decoded = decodeFrame(moved.subarray(shift), clientMessage);
        expect(decoded.message).toEqual(message);
        const bits = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];
        expect(bits(tensorOf(decoded.tensor))).toEqual(bits(tensor));
      },
    ),
  );
});

test('whatever bytes come, decoding either succeeds or throws PROTOCOL_MALFORMED', () => {
  const good = encodeFrame({ type: 'failure', run: 'r', round: 3, nonce: 'n', client: 2, reason: 'x' });
  const mutated = fc
    .array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const frame = good.slice();
      for (const [at, byte] of changes) frame[at] = byte;
      return frame;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (frame) => {
      for (const schema of [clientMessage, serverMessage]) {
        try {
          decodeFrame(frame, schema);
        } catch (error) {
          expect(error).toBeInstanceOf(FedtempoError);
          expect((error as FedtempoError).code).toBe('PROTOCOL_MALFORMED');
        }
      }
    }),
    { numRuns: 5000 },
  );
});

const plain = new Packr({ useRecords: false, mapsAsObjects: true });

test.each([
  ['a date', { type: 'goodbye', reason: new Date(0) }],
  ['a regular expression', { type: 'goodbye', reason: /x/ }],
  ['an error', { type: 'goodbye', reason: new Error('x') }],
  ['bytes', { type: 'goodbye', reason: new Uint8Array(4) }],
  ['an unknown key', { type: 'goodbye', reason: '', more: 1 }],
  ['an unknown type', { type: 'hallo' }],
  ['a number beyond safe integers', { type: 'failure', run: '', round: 2 ** 60, nonce: '', client: 0, reason: '' }],
  ['a text over the limit', { type: 'goodbye', reason: 'x'.repeat(limits.textCharacters + 1) }],
])('a header with %s is refused', (_, header) => {
  expect(() => decodeFrame(frameOf(plain.pack(header)), clientMessage)).toThrow(/not well formed/);
});

test('a header that nests too deep is refused before it is decoded', () => {
  const nested = new Uint8Array(1000).fill(0x91);
  nested[999] = 0xc0;
  expect(() => decodeFrame(frameOf(nested), clientMessage)).toThrow(/nests deeper/);
});

test('a header that announces more values than it has bytes is refused before anything is allocated', () => {
  const huge = new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff]);
  expect(() => decodeFrame(frameOf(huge), clientMessage)).toThrow(/announces 4294967295 values/);
});

test('a header over the limit is refused by its length alone', () => {
  const frame = new Uint8Array(limits.headerBytes + 100);
  new DataView(frame.buffer).setUint32(0, limits.headerBytes + 1, true);
  expect(() => decodeFrame(frame, clientMessage)).toThrow(/16385 bytes/);
});

test('a tensor of half a value is refused', () => {
  expect(() => tensorOf(new Uint8Array(6))).toThrow(/6 bytes/);
});
