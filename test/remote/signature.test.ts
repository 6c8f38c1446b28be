import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { identityOf } from 'fedtempo/client/identity.js';
import { isKey, verifySignature } from 'fedtempo/server/remote/signature.js';
import { describe, expect, test } from 'vitest';

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const named = (hex: string) => bytes(hex).toString('base64url');

/** RFC 8032, section 7.1, tests 1 and 2: public key, message, signature. */
const vectors = [
  [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const;

describe('a signature', () => {
  test.each(vectors)('of RFC 8032 by %s holds, and any other bit of it does not', (key, message, signature) => {
    expect(verifySignature(named(key), bytes(message), bytes(signature))).toBe(true);
    for (let bit = 0; bit < 512; bit += 7) {
      const changed = bytes(signature);
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(verifySignature(named(key), bytes(message), changed), `bit ${bit}`).toBe(false);
    }
    expect(verifySignature(named(key), bytes(`${message}00`), bytes(signature))).toBe(false);
  });

  test('is that of one key only', () => {
    const [alice, bob] = [0, 1].map(() => identityOf(generateKeyPairSync('ed25519').privateKey));
    const said = Buffer.from('round 7');
    expect(verifySignature(alice.key, said, alice.sign(said))).toBe(true);
    expect(verifySignature(bob.key, said, alice.sign(said))).toBe(false);
  });

  test('with S + L in the place of S is refused: one signature has one form', () => {
    // L = 2^252 + 27742317777372353535851937790883648493, little-endian.
    const order = (1n << 252n) + 27742317777372353535851937790883648493n;
    const [key, message, hex] = vectors[0];
    const signature = bytes(hex);
    let scalar = 0n;
    for (let at = 63; at >= 32; at--) scalar = (scalar << 8n) | BigInt(signature[at]);
    scalar += order;
    for (let at = 32; at < 64; at++, scalar >>= 8n) signature[at] = Number(scalar & 0xffn);
    expect(verifySignature(named(key), bytes(message), signature)).toBe(false);
  });

  test.each([
    ['0', '00'.repeat(32)],
    ['0 with the other sign', `${'00'.repeat(31)}80`],
    ['1', `01${'00'.repeat(31)}`],
    ['a root of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['the other root of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['−1', `ec${'ff'.repeat(30)}7f`],
    ['p', `ed${'ff'.repeat(30)}7f`],
    ['p + 1', `ee${'ff'.repeat(30)}7f`],
  ])("by the key with y = %s is nobody's, since everybody can make one that verifies", (_, key) => {
    // R = the neutral element, S = 0: holds when h is a multiple of the key's order.
    const forged = Buffer.alloc(64);
    forged[0] = 1;
    const messages = Array.from({ length: 200 }, (_, at) => Buffer.from(`message ${at}`));
    const point = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: named(key) }, format: 'jwk' });
    expect(messages.some((message) => verify(null, message, point, forged))).toBe(true);
    expect(messages.some((message) => verifySignature(named(key), message, forged))).toBe(false);
    expect(isKey(named(key))).toBe(false);
  });

  test('from the network never throws, whatever it and its key are', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('base64url')),
    );
    const signature = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 64, maxLength: 64 }));
    fc.assert(
      fc.property(key, fc.uint8Array(), signature, (of, said, by) => verifySignature(of, said, by) === false),
      { numRuns: 2000 },
    );
  });

  test('holds still when more keys than are kept at hand have come in between', () => {
    const [key, message, signature] = vectors[1];
    for (let stranger = 0; stranger < 5000; stranger++) {
      const raw = Buffer.alloc(32);
      raw.writeUInt32LE(stranger);
      verifySignature(raw.toString('base64url'), bytes(message), bytes(signature));
    }
    expect(verifySignature(named(key), bytes(message), bytes(signature))).toBe(true);
  });
});

test.each<[string, unknown, boolean]>([
  ['32 bytes', Buffer.alloc(32, 0xff).toString('base64url'), true],
  ['31 bytes', Buffer.alloc(31, 1).toString('base64url'), false],
  ['33 bytes', Buffer.alloc(33, 1).toString('base64url'), false],
  ['a second spelling of 32 bytes', `${'A'.repeat(42)}B`, false],
  ['padded base64url', `${Buffer.alloc(32, 1).toString('base64url')}=`, false],
  ['base64 with / and +', `+/${'A'.repeat(41)}`, false],
  ['a path', `../${'A'.repeat(40)}`, false],
  ['a line more', `${'A'.repeat(43)}\n`, false],
  ['no text', 7, false],
])('%s: whether it is a key is answered', (_, text, expected) => {
  expect(isKey(text)).toBe(expected);
});
