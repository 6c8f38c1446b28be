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

/**
 * Rows of a matrix of bytes that others use too: a shard is a list of row numbers over the one copy of the dataset, so that
 * it costs 4 bytes an example, whatever d is.
 */
export interface IndexedBytes {
  /** [rows of the whole × d] row-major; may be shared between threads. */
  readonly bytes: Uint8Array;
  /** [n]: example i is row rows[i] of `bytes`. */
  readonly rows: Uint32Array;
  /** [256]: the feature that a byte stands for. */
  readonly featureOf: Float32Array;
}

/** A set of labelled examples. Checked by whoever makes it: lengths agree, values are finite, labels are 0..k − 1. */
export interface Dataset {
  /** n */
  readonly examples: number;
  /** d */
  readonly featureCount: number;
  /** k */
  readonly classCount: number;
  /** [n × d] row-major; of length 0 where `sparse` or `indexed` is given. */
  readonly features: Float32Array;
  /** [n], each 0..k − 1. */
  readonly labels: Int32Array;
  /** The features of a sparse dataset, in place of `features`. */
  readonly sparse?: SparseFeatures;
  /** The same for features that stay bytes: example i has the features featureOf[bytes[rows[i]·d + j]]. */
  readonly indexed?: IndexedBytes;
}
