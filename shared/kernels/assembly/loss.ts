/** Losses, operation for operation as in ../reference/loss.ts. Numbered as `losses` in shared/model/model.ts. */
import { exp4, ln, sigmoid4 } from './elementary';
import { sub } from './lanes';

export const SOFTMAX_CROSS_ENTROPY: u32 = 0;
export const BINARY_CROSS_ENTROPY: u32 = 1;
export const MEAN_SQUARED_ERROR: u32 = 2;
export const PERCEPTRON: u32 = 3;

/** The class that the k outputs at z predict: the largest, the first of equals; for one output, 1 above the border. */
export function predict(z: usize, k: u32, loss: u32): u32 {
  let largest = load<f32>(z);
  if (k == 1 && loss != SOFTMAX_CROSS_ENTROPY) return largest > <f32>(loss == MEAN_SQUARED_ERROR ? 0.5 : 0) ? 1 : 0;
  let best: u32 = 0;
  for (let j: u32 = 1; j < k; j++) {
    const value = load<f32>(z + (<usize>j << 2));
    best = value > largest ? j : best;
    largest = value > largest ? value : largest;
  }
  return best;
}

/** The loss of the row at z [k], and in its place the row's δ, zero in the padding up to `stride`. */
export function lossAndDelta(loss: u32, z: usize, k: u32, stride: u32, label: u32, predicted: u32, rows: u32): f32 {
  switch (loss) {
    case BINARY_CROSS_ENTROPY:
      return binaryCrossEntropy(z, label, <f32>rows);
    case MEAN_SQUARED_ERROR:
      return meanSquaredError(z, k, label, rows);
    case PERCEPTRON:
      return k == 1 ? binaryPerceptron(z, label, <f32>rows) : perceptron(z, k, label, predicted, <f32>rows);
    default:
      return softmaxCrossEntropy(z, k, stride, label, predicted, <f32>rows);
  }
}

function softmaxCrossEntropy(z: usize, k: u32, stride: u32, label: u32, predicted: u32, rows: f32): f32 {
  const largest = load<f32>(z + (<usize>predicted << 2));
  const labelled = load<f32>(z + (<usize>label << 2)) - largest;
  const end = z + (<usize>k << 2);
  for (let at = z; at < end; at += 16) v128.store(at, exp4(sub(v128.load(at), f32x4.splat(largest))));
  let sum: f32 = 0;
  for (let at = z; at < end; at += 4) sum += load<f32>(at);
  const divisor = f32x4.splat(sum);
  for (let at = z; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), divisor));
  const place = z + (<usize>label << 2);
  store<f32>(place, load<f32>(place) - 1);
  const batch = f32x4.splat(rows);
  for (let at = z; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), batch));
  const padded = z + (<usize>stride << 2);
  for (let at = end; at < padded; at += 4) store<f32>(at, 0);
  return ln(sum) - labelled;
}

function binaryCrossEntropy(z: usize, label: u32, rows: f32): f32 {
  const value = load<f32>(z);
  const hinge: f32 = value > 0 ? value : 0;
  const e = f32x4.extract_lane(exp4(f32x4.splat(value < 0 ? value : -value)), 0);
  const sigmoid = f32x4.extract_lane(sigmoid4(f32x4.splat(value)), 0);
  store<f32>(z, (sigmoid - <f32>label) / rows);
  return hinge - (label == 1 ? value : 0) + ln(1 + e);
}

function meanSquaredError(z: usize, k: u32, label: u32, rows: u32): f32 {
  const scale = <f32>(k * rows);
  let sum: f32 = 0;
  for (let j: u32 = 0; j < k; j++) {
    const at = z + (<usize>j << 2);
    const target: f32 = k == 1 ? <f32>label : j == label ? 1 : 0;
    const difference = load<f32>(at) - target;
    sum += difference * difference;
    store<f32>(at, (difference + difference) / scale);
  }
  return sum / <f32>k;
}

function perceptron(z: usize, k: u32, label: u32, predicted: u32, rows: f32): f32 {
  const winner = z + (<usize>predicted << 2);
  const place = z + (<usize>label << 2);
  const loss = load<f32>(winner) - load<f32>(place);
  memory.fill(z, 0, <usize>k << 2);
  if (predicted == label) return loss;
  store<f32>(winner, 1 / rows);
  store<f32>(place, -1 / rows);
  return loss;
}

function binaryPerceptron(z: usize, label: u32, rows: f32): f32 {
  const value = load<f32>(z);
  const margin = label == 1 ? value : -value;
  store<f32>(z, margin > 0 ? 0 : <f32>(label == 1 ? -1 : 1) / rows);
  return margin > 0 ? 0 : -margin;
}
