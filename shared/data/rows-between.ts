/** A run of a dataset's examples, as a dataset of its own: what one of several threads evaluates. */
import type { Dataset } from './dataset.js';

/**
 * The examples from .. to − 1. Indexed bytes are not copied, so that threads over a shared buffer have one test set between
 * them; other forms are.
 */
export function rowsBetween(dataset: Dataset, from: number, to: number): Dataset {
  const { featureCount, classCount, features, labels, sparse, indexed } = dataset;
  const whole = { examples: to - from, featureCount, classCount, labels: labels.slice(from, to) };
  if (indexed !== undefined) return { ...whole, features, indexed: { ...indexed, rows: indexed.rows.slice(from, to) } };
  if (sparse === undefined) return { ...whole, features: features.slice(from * featureCount, to * featureCount) };
  const [first, last] = [sparse.rowStarts[from], sparse.rowStarts[to]];
  const rowStarts = sparse.rowStarts.slice(from, to + 1).map((start) => start - first);
  const [columns, values] = [sparse.columns.slice(first, last), sparse.values.slice(first, last)];
  return { ...whole, features, sparse: { rowStarts, columns, values } };
}
