/**
 * Dense layers in plain loops: the definition of correct.
 *
 * Letters: B rows of the batch, `inputs` and `outputs` of the layer. Sums run in ascending order from +0, and products
 * with a zero factor are left out (see ../kernels.ts for why that changes no bit).
 */
import type { LayerLayout } from '../../model/layout.js';

/** z [B × outputs] = x [B × inputs] · W + b. */
export function denseForward(
  x: Float32Array,
  parameters: Float32Array,
  layer: LayerLayout,
  rows: number,
  z: Float32Array,
): void {
  const { inputs, outputs, weights, biases } = layer;
  for (let i = 0; i < rows; i++) {
    const out = i * outputs;
    z.fill(0, out, out + outputs);
    for (let k = 0; k < inputs; k++) {
      const value = x[i * inputs + k];
      if (value === 0) continue;
      const row = weights + k * outputs;
      for (let j = 0; j < outputs; j++) z[out + j] += Math.fround(value * parameters[row + j]);
    }
    for (let j = 0; j < outputs; j++) z[out + j] += parameters[biases + j];
  }
}

/** dx [B × inputs] = δ [B × outputs] · Wᵀ. */
export function denseBackward(
  delta: Float32Array,
  parameters: Float32Array,
  layer: LayerLayout,
  rows: number,
  dx: Float32Array,
): void {
  const { inputs, outputs, weights } = layer;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inputs; k++) {
      const row = weights + k * outputs;
      let sum = 0;
      for (let j = 0; j < outputs; j++) {
        sum = Math.fround(sum + Math.fround(delta[i * outputs + j] * parameters[row + j]));
      }
      dx[i * inputs + k] = sum;
    }
  }
}

/** gradient of W [inputs × outputs] and b [outputs], written at the layer's place: g_W = xᵀ · δ, g_b = Σ_i δ. */
export function denseGradient(
  x: Float32Array,
  delta: Float32Array,
  layer: LayerLayout,
  rows: number,
  gradient: Float32Array,
): void {
  const { inputs, outputs, weights, biases } = layer;
  gradient.fill(0, weights, biases + outputs);
  for (let i = 0; i < rows; i++) {
    const from = i * outputs;
    for (let k = 0; k < inputs; k++) {
      const value = x[i * inputs + k];
      if (value === 0) continue;
      const row = weights + k * outputs;
      for (let j = 0; j < outputs; j++) gradient[row + j] += Math.fround(value * delta[from + j]);
    }
    for (let j = 0; j < outputs; j++) gradient[biases + j] += delta[from + j];
  }
}
