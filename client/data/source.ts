/**
 * An opened dataset: bytes and labels in memory, floats only for the rows that are asked for.
 *
 * MNIST is 47 MB as bytes and 188 MB as floats; a client process needs the floats of its own shards alone.
 * Letters: n examples, d features, k classes.
 */
import type { Dataset } from '../../shared/data/dataset.js';
import { FedtempoError } from '../../shared/errors.js';

/** The training or the test part of a dataset. */
export interface SplitSource {
  /** n */
  readonly examples: number;
  /** [n], each 0..k − 1. */
  readonly labels: Int32Array;
  /**
   * The rows at `indices`, in that order, or all rows; features are made for these rows only.
   *
   * @throws FedtempoError PARTITION_INVALID for an index outside 0..n − 1
   */
  select(indices?: Uint32Array): Dataset;
}

/** A dataset ready for use. */
export interface DatasetSource {
  readonly name: string;
  /** d */
  readonly featureCount: number;
  /** k: the largest label of both parts, plus 1; a limit on training examples does not change it. */
  readonly classCount: number;
  readonly train: SplitSource;
  readonly test: SplitSource;
  /** SHA-256, in hexadecimal, over the bytes used: training pixels, training labels, test pixels, test labels. */
  readonly digest: string;
}

/** One part as unsigned bytes: `pixels` [n × d] row-major, `labels` [n]. */
export interface ByteSplit {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** A split over bytes whose lengths agree. A feature is its byte / `scale`, rounded to float32. */
export function splitOf(bytes: ByteSplit, featureCount: number, classCount: number, scale: number): SplitSource {
  const examples = bytes.labels.length;
  const labels = Int32Array.from(bytes.labels);
  const featureOf = Float32Array.from({ length: 256 }, (_, byte) => byte / scale);
  return {
    examples,
    labels,
    select(indices = Uint32Array.from({ length: examples }, (_, row) => row)) {
      const features = new Float32Array(indices.length * featureCount);
      const chosen = new Int32Array(indices.length);
      for (let row = 0; row < indices.length; row++) {
        const index = indices[row];
        if (index >= examples) throw outside(index, examples);
        const from = index * featureCount;
        const to = row * featureCount;
        for (let column = 0; column < featureCount; column++) {
          features[to + column] = featureOf[bytes.pixels[from + column]];
        }
        chosen[row] = labels[index];
      }
      return { examples: indices.length, featureCount, classCount, features, labels: chosen };
    },
  };
}

function outside(index: number, examples: number): FedtempoError {
  return new FedtempoError('PARTITION_INVALID', 'a shard names an example that the dataset does not have', {
    found: `example ${index}`,
    expected: `0 to ${examples - 1}`,
    fix: 'use the same dataset and trainLimit on the coordinator and on its clients',
  });
}
