/** SHA-256 over an array's little-endian bytes, in hexadecimal. */
import { createHash } from 'node:crypto';

export function digestOf(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}
