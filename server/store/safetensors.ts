/**
 * The safetensors format: u64 header length | JSON header | raw little-endian tensors. Any framework reads it, and
 * reading it runs no code.
 */
import type { ModelLayout } from '../../shared/model/layout.js';

/** The file of a model: `layers.i.weight` [inputs × outputs] and `layers.i.bias` [outputs], and text metadata. */
export function encodeModel(layout: ModelLayout, weights: Float32Array, metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const entry = (shape: number[], offset: number) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { dtype: 'F32', shape, data_offsets: [offset * 4, (offset + length) * 4] };
  };
  layout.layers.forEach((layer, index) => {
    header[`layers.${index}.weight`] = entry([layer.inputs, layer.outputs], layer.weights);
    header[`layers.${index}.bias`] = entry([layer.outputs], layer.biases);
  });
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(8 + padded + weights.byteLength, ' ');
  file.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(file, 8);
  file.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength), 8 + padded);
  return file;
}
