/**
 * Whether a client signed some bytes: Ed25519 (RFC 8032) against its raw public key in base64url.
 *
 * Keys and signatures come from the network, so nothing here throws: what has no valid form was signed by nobody.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Making a key object costs about a fifth of a verification; the clients of a cohort come again every few rounds. */
const CACHED_KEYS = 4096;
const cache = new Map<string, KeyObject>();

/** 32 bytes in base64url without padding, in the one spelling that they have: the last of 43 characters has 4 bits. */
const KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * Points of order 1, 2, 4 and 8, and their second spellings (y from p on), without the sign of x: as a key, one signature of such
 * a point serves for one message in eight or more, and anybody can make it.
 */
const ANYBODYS = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/** Whether the text can be a client's public key. Such a text is also safe as a file name. */
export function isKey(text: unknown): text is string {
  if (typeof text !== 'string' || !KEY.test(text)) return false;
  const raw = Buffer.from(text, 'base64url');
  raw[31] &= 0x7f;
  return !ANYBODYS.has(raw.toString('hex'));
}

/** Whether `signature` is that of `bytes` by the owner of `key`; false for anything malformed. */
export function verifySignature(key: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  // What is in the cache was judged before.
  if (signature.length !== 64 || !(cache.has(key) || isKey(key))) return false;
  try {
    return verify(null, bytes, keyObject(key), signature);
  } catch {
    return false;
  }
}

function keyObject(key: string): KeyObject {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
  // The oldest goes; strangers may push the others out, which costs those a little time and nothing else.
  if (cache.size >= CACHED_KEYS) cache.delete(cache.keys().next().value as string);
  cache.set(key, made);
  return made;
}
