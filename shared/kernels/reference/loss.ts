/** Losses in plain loops, a row at a time. Letters: B rows of the batch, k outputs, z raw outputs. */
import { expFloat32, logFloat32, sigmoidFloat32 } from '../../math/float32.js';
import type { Loss } from '../../model/model.js';

const fround = Math.fround;

/** The class that z[from .. from + k − 1] predicts: the largest, the first of equals; for one output, 1 above the border. */
export function predict(z: Float32Array, from: number, k: number, loss: Loss): number {
  if (k === 1 && loss !== 'softmaxCrossEntropy') return z[from] > (loss === 'meanSquaredError' ? 0.5 : 0) ? 1 : 0;
  let best = 0;
  for (let j = 1; j < k; j++) if (z[from + j] > z[from + best]) best = j;
  return best;
}

/**
 * The loss of one row, float32, and in place of its z [k] the row's δ = ∂(mean loss over `rows` rows)/∂z.
 *
 * @param predicted what `predict` said of the row
 */
export function lossAndDelta(
  loss: Loss,
  z: Float32Array,
  from: number,
  k: number,
  label: number,
  predicted: number,
  rows: number,
): number {
  switch (loss) {
    case 'softmaxCrossEntropy':
      return softmaxCrossEntropy(z, from, k, label, rows);
    case 'binaryCrossEntropy':
      return binaryCrossEntropy(z, from, label, rows);
    case 'meanSquaredError':
      return meanSquaredError(z, from, k, label, rows);
    case 'perceptron':
      return k === 1 ? binaryPerceptron(z, from, label, rows) : perceptron(z, from, k, label, predicted, rows);
  }
}

/** m = max z, e_j = exp(z_j − m), s = Σ e_j, p_j = e_j/s; loss = ln s − (z_y − m), δ_j = (p_j − [j = y])/B. */
function softmaxCrossEntropy(z: Float32Array, from: number, k: number, label: number, rows: number): number {
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
  z[from + label] -= 1;
  for (let j = 0; j < k; j++) z[from + j] /= rows;
  return fround(logFloat32(sum) - labelled);
}

/** loss = (max(z, 0) − z·y) + ln(1 + e^−|z|), δ = (σ(z) − y)/B. */
function binaryCrossEntropy(z: Float32Array, at: number, label: number, rows: number): number {
  const value = z[at];
  const hinge = value > 0 ? value : 0;
  const e = expFloat32(value < 0 ? value : -value);
  z[at] = fround(sigmoidFloat32(value) - label) / rows;
  return fround(fround(hinge - (label === 1 ? value : 0)) + logFloat32(fround(fround(1) + e)));
}

/** d_j = z_j − t_j; loss = (Σ d_j²)/k, δ_j = 2d_j/(k·B). */
function meanSquaredError(z: Float32Array, from: number, k: number, label: number, rows: number): number {
  const scale = fround(k * rows);
  let sum = 0;
  for (let j = 0; j < k; j++) {
    const target = k === 1 ? label : j === label ? 1 : 0;
    const difference = fround(z[from + j] - target);
    sum = fround(sum + fround(difference * difference));
    z[from + j] = fround(difference + difference) / scale;
  }
  return fround(sum / k);
}

/** loss = z_predicted − z_y; δ = 1/B at the prediction and −1/B at the label, nothing where they agree. */
function perceptron(z: Float32Array, from: number, k: number, label: number, predicted: number, rows: number): number {
  const loss = fround(z[from + predicted] - z[from + label]);
  z.fill(0, from, from + k);
  if (predicted === label) return loss;
  z[from + predicted] = 1 / rows;
  z[from + label] = -1 / rows;
  return loss;
}

/** s = ±1; loss = max(0, −s·z), δ = −s/B where s·z ≤ 0. */
function binaryPerceptron(z: Float32Array, at: number, label: number, rows: number): number {
  const margin = label === 1 ? z[at] : -z[at];
  z[at] = margin > 0 ? 0 : (label === 1 ? -1 : 1) / rows;
  return margin > 0 ? 0 : -margin;
}
