/**
 * An opened dataset: bytes, or floats, and labels in memory, once in a process. What is selected from bytes are row numbers;
 * a core makes lists or floats of the rows it works on, and nobody else makes any. Floats are selected as they are.
 *
 * Its plain description can be sent to another thread, which makes a source of its own from it over the same bytes.
 * Letters: n examples, d features, k classes.
 */
import { FedtempoError } from '../errors.js';
import type { Dataset } from './dataset.js';
import { indicesBelow } from './partition/ordered.js';

/** One part as unsigned bytes: `pixels` [n × d] row-major, `labels` [n]. */
export interface ByteSplit {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array | Int32Array;
}

/** One part as floats: `features` [n × d] row-major, finite and used as they are; `labels` [n]. */
export interface FloatSplit {
  readonly features: Float32Array;
  readonly labels: Int32Array;
}

export type Split = ByteSplit | FloatSplit;

/** A part without examples. */
export const noExamples: ByteSplit = { pixels: new Uint8Array(0), labels: new Uint8Array(0) };

/** A dataset as plain data. Over shared buffers a structured clone of it copies nothing but a few numbers. */
export interface SharedDataset {
  readonly name: string;
  /** d */
  readonly featureCount: number;
  /** k: the largest label of both parts, plus 1; a limit on training examples does not change it. */
  readonly classCount: number;
  /** Of parts that are bytes: a feature is its byte / scale, rounded to float32. */
  readonly scale: number;
  /** SHA-256, in hexadecimal, over what is used: training features, training labels, test features, test labels. */
  readonly digest: string;
  readonly train: Split;
  readonly test: Split;
}

/** The training or the test part of a dataset. */
export interface SplitSource {
  /** n */
  readonly examples: number;
  /** [n], each 0..k − 1. */
  readonly labels: Int32Array;
  /**
   * The rows at `indices`, in that order, or all rows. `indices` is kept, not copied, and no features are made.
   *
   * @throws FedtempoError PARTITION_INVALID for an index outside 0..n − 1
   */
  select(indices?: Uint32Array): Dataset;
}

/** A dataset ready for use. */
export interface DatasetSource extends Pick<SharedDataset, 'name' | 'featureCount' | 'classCount' | 'digest'> {
  readonly train: SplitSource;
  readonly test: SplitSource;
  /** What `sourceFrom` makes the same source of, in this thread or another. */
  readonly shared: SharedDataset;
}

/** The source over the memory of `shared`, which is not copied: only a label each is, as an integer. */
export function sourceFrom(shared: SharedDataset): DatasetSource {
  const { name, featureCount, classCount, scale, digest, train, test } = shared;
  const featureOf = Float32Array.from({ length: 256 }, (_, byte) => byte / scale);
  return {
    name,
    featureCount,
    classCount,
    digest,
    train: splitOf(train, featureOf, shared),
    test: splitOf(test, featureOf, shared),
    shared,
  };
}

function splitOf(split: Split, featureOf: Float32Array, { featureCount, classCount }: SharedDataset): SplitSource {
  const examples = split.labels.length;
  const labels = new Int32Array(split.labels);
  return {
    examples,
    labels,
    select(rows = indicesBelow(examples)) {
      const chosen = new Int32Array(rows.length);
      for (let row = 0; row < rows.length; row++) {
        if (rows[row] >= examples) throw outside(rows[row], examples);
        chosen[row] = labels[rows[row]];
      }
      const part = { examples: rows.length, featureCount, classCount, labels: chosen };
      if ('features' in split) return { ...part, features: floatRows(split.features, rows, featureCount) };
      return { ...part, features: none, indexed: { bytes: split.pixels, rows, featureOf } };
    },
  };
}

/** A run of rows is a view; whoever holds all its data as one shard has no second copy of them. */
function floatRows(features: Float32Array, rows: Uint32Array, featureCount: number): Float32Array {
  const first = rows.length === 0 ? 0 : rows[0];
  if (rows.every((row, index) => row === first + index)) {
    return features.subarray(first * featureCount, (first + rows.length) * featureCount);
  }
  const chosen = new Float32Array(rows.length * featureCount);
  rows.forEach((row, index) => {
    chosen.set(features.subarray(row * featureCount, (row + 1) * featureCount), index * featureCount);
  });
  return chosen;
}

const none = new Float32Array(0);

function outside(index: number, examples: number): FedtempoError {
  return new FedtempoError('PARTITION_INVALID', 'a shard names an example that the dataset does not have', {
    found: `example ${index}`,
    expected: `0 to ${examples - 1}`,
    fix: 'use the same dataset and trainLimit on the coordinator and on its clients',
  });
}
