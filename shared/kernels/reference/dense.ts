/**
 * Dense layers in plain loops: the definition of correct.
 *
 * Letters: B rows of the batch, `inputs` and `outputs` of the layer. Sums run in ascending order from +0, and products
 * with a zero factor are left out (see ../kernels.ts for why that changes no bit).
 */
import type { LayerLayout } from '../../model/layout.js';

const fround = Math.fround;

/** Σ_t value_t · row_t, the rows being stretches of one array; terms in the order in which they are added. */
class Terms {
  readonly #values: number[] = [];
  readonly #rows: number[] = [];

  clear(): void {
    this.#values.length = 0;
    this.#rows.length = 0;
  }

  /** A term whose row begins at `row`; nothing for a zero value. */
  add(value: number, row: number): void {
    if (value === 0) return;
    this.#values.push(value);
    this.#rows.push(row);
  }

  /**
   * Writes the sum to out[at .. at + length − 1]. Four terms are added at a time, one after the other, so that a partial sum
   * is loaded and stored once for them all.
   */
  sum(source: Float32Array, out: Float32Array, at: number, length: number): void {
    const [values, rows] = [this.#values, this.#rows];
    const fours = values.length - (values.length % 4);
    out.fill(0, at, at + length);
    for (let t = 0; t < fours; t += 4) {
      const [v0, v1, v2, v3] = [values[t], values[t + 1], values[t + 2], values[t + 3]];
      const [r0, r1, r2, r3] = [rows[t], rows[t + 1], rows[t + 2], rows[t + 3]];
      for (let j = 0; j < length; j++) {
        let sum = fround(out[at + j] + fround(v0 * source[r0 + j]));
        sum = fround(sum + fround(v1 * source[r1 + j]));
        sum = fround(sum + fround(v2 * source[r2 + j]));
        out[at + j] = fround(sum + fround(v3 * source[r3 + j]));
      }
    }
    for (let t = fours; t < values.length; t++) {
      for (let j = 0; j < length; j++) out[at + j] += fround(values[t] * source[rows[t] + j]);
    }
  }
}

/** z [B × outputs] = x [B × inputs] · W + b. */
export function denseForward(
  x: Float32Array,
  parameters: Float32Array,
  layer: LayerLayout,
  rows: number,
  z: Float32Array,
): void {
  const { inputs, outputs, weights, biases } = layer;
  const terms = new Terms();
  for (let i = 0; i < rows; i++) {
    terms.clear();
    for (let k = 0; k < inputs; k++) terms.add(x[i * inputs + k], weights + k * outputs);
    terms.sum(parameters, z, i * outputs, outputs);
    for (let j = 0; j < outputs; j++) z[i * outputs + j] += parameters[biases + j];
  }
}

/** dx [B × inputs] = δ [B × outputs] · Wᵀ. Four sums go side by side: each alone would wait for its own last addition. */
export function denseBackward(
  delta: Float32Array,
  parameters: Float32Array,
  layer: LayerLayout,
  rows: number,
  dx: Float32Array,
): void {
  const { inputs, outputs, weights } = layer;
  const fours = inputs - (inputs % 4);
  for (let i = 0; i < rows; i++) {
    const from = i * outputs;
    for (let k = 0; k < fours; k += 4) {
      const row0 = weights + k * outputs;
      const row1 = row0 + outputs;
      const row2 = row1 + outputs;
      const row3 = row2 + outputs;
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let j = 0; j < outputs; j++) {
        const d = delta[from + j];
        sum0 = fround(sum0 + fround(d * parameters[row0 + j]));
        sum1 = fround(sum1 + fround(d * parameters[row1 + j]));
        sum2 = fround(sum2 + fround(d * parameters[row2 + j]));
        sum3 = fround(sum3 + fround(d * parameters[row3 + j]));
      }
      dx.set([sum0, sum1, sum2, sum3], i * inputs + k);
    }
    for (let k = fours; k < inputs; k++) {
      let sum = 0;
      for (let j = 0; j < outputs; j++) {
        sum = fround(sum + fround(delta[from + j] * parameters[weights + k * outputs + j]));
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
  const terms = new Terms();
  for (let k = 0; k < inputs; k++) {
    terms.clear();
    for (let i = 0; i < rows; i++) terms.add(x[i * inputs + k], i * outputs);
    terms.sum(delta, gradient, weights + k * outputs, outputs);
  }
  gradient.fill(0, biases, biases + outputs);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < outputs; j++) gradient[biases + j] += delta[i * outputs + j];
  }
}
