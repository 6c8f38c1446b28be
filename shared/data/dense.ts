/** Features as plain floats, whatever form a dataset holds them in: for the reference and for whoever looks at them. */
import type { Dataset } from './dataset.js';

/** Writes the d features of one example to out[at .. at + d − 1]. */
export function writeRow({ featureCount, features, sparse, indexed }: Dataset, row: number, out: Float32Array, at = 0) {
  if (indexed !== undefined) {
    const { bytes, rows, featureOf } = indexed;
    const from = rows[row] * featureCount;
    for (let column = 0; column < featureCount; column++) out[at + column] = featureOf[bytes[from + column]];
  } else if (sparse !== undefined) {
    out.fill(0, at, at + featureCount);
    const end = sparse.rowStarts[row + 1];
    for (let entry = sparse.rowStarts[row]; entry < end; entry++)
      out[at + sparse.columns[entry]] = sparse.values[entry];
  } else {
    out.set(features.subarray(row * featureCount, (row + 1) * featureCount), at);
  }
}

/** All features [n × d], a fresh array. */
export function denseFeatures(dataset: Dataset): Float32Array {
  const { examples, featureCount } = dataset;
  const out = new Float32Array(examples * featureCount);
  for (let row = 0; row < examples; row++) writeRow(dataset, row, out, row * featureCount);
  return out;
}
