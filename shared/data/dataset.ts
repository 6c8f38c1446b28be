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
