/** Softmax cross-entropy, operation for operation as in ../reference/loss.ts. */
import { exp4, ln } from './elementary';
import { sub } from './lanes';

/** Index of the largest of the k values at z; the first of equals. */
export function argmax(z: usize, k: u32): u32 {
  let best: u32 = 0;
  let largest = load<f32>(z);
  for (let j: u32 = 1; j < k; j++) {
    const value = load<f32>(z + (<usize>j << 2));
    if (value > largest) {
      largest = value;
      best = j;
    }
  }
  return best;
}

/** Turns the row z [k] into softmax probabilities, in place; returns −ln p_label. Padding lanes hold anything after. */
export function softmaxCrossEntropy(z: usize, k: u32, label: u32): f32 {
  let largest = load<f32>(z);
  for (let j: u32 = 1; j < k; j++) {
    const value = load<f32>(z + (<usize>j << 2));
    largest = value > largest ? value : largest;
  }
  const labelled = load<f32>(z + (<usize>label << 2)) - largest;
  const end = z + (<usize>k << 2);
  for (let at = z; at < end; at += 16) v128.store(at, exp4(sub(v128.load(at), f32x4.splat(largest))));
  let sum: f32 = 0;
  for (let at = z; at < end; at += 4) sum += load<f32>(at);
  for (let at = z; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), f32x4.splat(sum)));
  return ln(sum) - labelled;
}

/** δ of a row, in place of its probabilities: (p_j − [j = label]) / B; zero in the padding. */
export function softmaxDelta(p: usize, k: u32, stride: u32, label: u32, rows: u32): void {
  const labelled = p + (<usize>label << 2);
  store<f32>(labelled, load<f32>(labelled) - 1);
  const end = p + (<usize>k << 2);
  const padded = p + (<usize>stride << 2);
  for (let at = p; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), f32x4.splat(<f32>rows)));
  for (let at = end; at < padded; at += 4) store<f32>(at, 0);
}
