/** Labelled examples in memory. Letters: n examples, d features, k classes. */

/** A set of labelled examples. Checked by whoever makes it: lengths agree, values are finite, labels are 0..k − 1. */
export interface Dataset {
  /** n */
  readonly examples: number;
  /** d */
  readonly featureCount: number;
  /** k */
  readonly classCount: number;
  /** [n × d] row-major. */
  readonly features: Float32Array;
  /** [n], each 0..k − 1. */
  readonly labels: Int32Array;
}

/** The examples at `indices`, in that order, copied. */
export function selectExamples(dataset: Dataset, indices: Uint32Array): Dataset {
  const { featureCount, classCount } = dataset;
  const features = new Float32Array(indices.length * featureCount);
  const labels = new Int32Array(indices.length);
  for (let row = 0; row < indices.length; row++) {
    const from = indices[row] * featureCount;
    features.set(dataset.features.subarray(from, from + featureCount), row * featureCount);
    labels[row] = dataset.labels[indices[row]];
  }
  return { examples: indices.length, featureCount, classCount, features, labels };
}
