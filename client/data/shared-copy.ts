/** The same values in memory that threads share. */
export function sharedCopy(values: Uint8Array): Uint8Array;
export function sharedCopy(values: Float32Array): Float32Array;
export function sharedCopy(values: Int32Array): Int32Array;
export function sharedCopy(values: Uint8Array | Float32Array | Int32Array): Uint8Array | Float32Array | Int32Array {
  const memory = new SharedArrayBuffer(values.byteLength);
  new Uint8Array(memory).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (values instanceof Float32Array) return new Float32Array(memory);
  return values instanceof Int32Array ? new Int32Array(memory) : new Uint8Array(memory);
}
