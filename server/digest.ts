/** The fingerprint of a model: SHA-256 over its parameters as little-endian float32, in hexadecimal. */
import { createHash } from 'node:crypto';

export function weightsDigest(weights: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength))
    .digest('hex');
}
