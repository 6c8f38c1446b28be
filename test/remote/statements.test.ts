import fc from 'fast-check';
import { connectStatement, updateStatement } from 'fedtempo/shared/protocol/statements.js';
import { describe, expect, test } from 'vitest';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('what is signed', () => {
  test('for a connection is purpose and version, then run, epoch, nonce and key with their lengths', () => {
    expect(text(connectStatement({ run: 'mnist', epoch: 12, nonce: 'n', key: 'abc' }))).toBe(
      'fedtempo connect 2\n\x05\0\0\0mnist\x02\0\0\x0012\x01\0\0\0n\x03\0\0\0abc',
    );
  });

  test('for an update is the same moment, the header as it is sent and the digest of the tensor', () => {
    const header = Uint8Array.of(0x81, 0xff, 0x00);
    const digest = new Uint8Array(32).fill(0x41);
    expect(text(updateStatement({ run: 'mnist', epoch: 0, nonce: 'n' }, header, digest))).toBe(
      `fedtempo update 2\n\x05\0\0\0mnist\x01\0\0\x000\x01\0\0\0n\x03\0\0\0\x81\xff\0\x20\0\0\0${'A'.repeat(32)}`,
    );
  });

  test('has its texts in UTF-8, and bytes of its own for half a surrogate pair', () => {
    const run = 'é–𝛼 ~';
    const bytes = Buffer.from(connectStatement({ run, epoch: 1, nonce: '', key: '' }));
    const at = 'fedtempo connect 2\n'.length;
    expect(bytes.readUInt32LE(at)).toBe(Buffer.byteLength(run));
    expect(bytes.subarray(at + 4).toString('utf8', 0, Buffer.byteLength(run))).toBe(run);
    const halves = ['\ud800', '\udc00', '\ufffd'].map((nonce) =>
      text(connectStatement({ run, epoch: 1, nonce, key: '' })),
    );
    expect(new Set(halves).size).toBe(3);
  });

  test('differs wherever what it says differs, though the fields hold the same characters in a row', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '1', '\n', '\0'), maxLength: 4 });
    const said = fc.record({ run: field, epoch: fc.nat(12), nonce: field, key: field });
    fc.assert(
      fc.property(said, said, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        return (text(connectStatement(one)) === text(connectStatement(other))) === same;
      }),
      { numRuns: 5000 },
    );
  });
});
