/** Softmax cross-entropy in plain loops. Letters: B rows, k classes. */
import { expFloat32, logFloat32 } from '../../math/float32.js';

/** Index of the largest of z[from .. from + k − 1]; the first of equals. */
export function argmax(z: Float32Array, from: number, k: number): number {
  let best = 0;
  for (let j = 1; j < k; j++) if (z[from + j] > z[from + best]) best = j;
  return best;
}

/**
 * Turns row i of z [B × k] into softmax probabilities, in place.
 *
 * @returns the loss −ln p_label, float32
 */
export function softmaxCrossEntropy(z: Float32Array, row: number, k: number, label: number): number {
  const fround = Math.fround;
  const from = row * k;
  let largest = z[from];
  for (let j = 1; j < k; j++) largest = z[from + j] > largest ? z[from + j] : largest;
  const labelled = fround(z[from + label] - largest);
  let sum = 0;
  for (let j = 0; j < k; j++) {
    const e = expFloat32(fround(z[from + j] - largest));
    z[from + j] = e;
    sum = fround(sum + e);
  }
  for (let j = 0; j < k; j++) z[from + j] = fround(z[from + j] / sum);
  return fround(logFloat32(sum) - labelled);
}

/** δ of row i, in place of the probabilities: (p_j − [j = label]) / B. */
export function softmaxDelta(p: Float32Array, row: number, k: number, label: number, rows: number): void {
  const from = row * k;
  p[from + label] -= 1;
  for (let j = 0; j < k; j++) p[from + j] /= rows;
}
