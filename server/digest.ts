/** Fingerprints: SHA-256 over parameters as little-endian float32, in hexadecimal. */
import { createHash } from 'node:crypto';

export function digestOf(values: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}
