/** Labelled examples in memory. Letters: n examples, d features, k classes. */

/** Non-zeros of a sparse matrix, row by row (CSR). Memory follows the non-zeros, not d. */
export interface SparseFeatures {
  /** [n + 1]: row i has the entries rowStarts[i] .. rowStarts[i + 1] − 1. */
  readonly rowStarts: Uint32Array;
  /** Column of each entry, 0..d − 1, strictly ascending within a row. */
  readonly columns: Uint32Array;
  /** Value of each entry. */
  readonly values: Float32Array;
}

/** A set of labelled examples. Checked by whoever makes it: lengths agree, values are finite, labels are 0..k − 1. */
export interface Dataset {
  /** n */
  readonly examples: number;
  /** d */
  readonly featureCount: number;
  /** k */
  readonly classCount: number;
  /** [n × d] row-major; of length 0 where `sparse` is given. */
  readonly features: Float32Array;
  /** [n], each 0..k − 1. */
  readonly labels: Int32Array;
  /** The features of a sparse dataset, in place of `features`. */
  readonly sparse?: SparseFeatures;
}

/** The examples at `indices`, in that order, copied. */
export function selectExamples(dataset: Dataset, indices: Uint32Array): Dataset {
  const { featureCount, classCount, sparse } = dataset;
  const labels = Int32Array.from(indices, (index) => dataset.labels[index]);
  const common = { examples: indices.length, featureCount, classCount, labels };
  if (sparse !== undefined) return { ...common, features: new Float32Array(0), sparse: selectRows(sparse, indices) };
  const features = new Float32Array(indices.length * featureCount);
  for (let row = 0; row < indices.length; row++) {
    const from = indices[row] * featureCount;
    features.set(dataset.features.subarray(from, from + featureCount), row * featureCount);
  }
  return { ...common, features };
}

/** The rows at `indices`, in that order, copied. */
function selectRows(sparse: SparseFeatures, indices: Uint32Array): SparseFeatures {
  const rowStarts = new Uint32Array(indices.length + 1);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row];
    rowStarts[row + 1] = rowStarts[row] + sparse.rowStarts[index + 1] - sparse.rowStarts[index];
  }
  const columns = new Uint32Array(rowStarts[indices.length]);
  const values = new Float32Array(columns.length);
  for (let row = 0; row < indices.length; row++) {
    const [from, to] = [sparse.rowStarts[indices[row]], sparse.rowStarts[indices[row] + 1]];
    columns.set(sparse.columns.subarray(from, to), rowStarts[row]);
    values.set(sparse.values.subarray(from, to), rowStarts[row]);
  }
  return { rowStarts, columns, values };
}
