/**
 * Refuses a dataset that no core could train on, once for each dataset, and measures how sparse it is. Of indexed bytes only
 * what can go wrong is looked at, rows and the table of values; their non-zeros are counted when they are copied.
 */
import type { Dataset } from '../data/dataset.js';
import { FedtempoError } from '../errors.js';

export interface Inspection {
  /** Non-zeros of all examples. */
  readonly nonZeros: number;
  /** Most non-zeros of one example. */
  readonly longestRow: number;
}

const inspected = new WeakMap<Dataset, Inspection | undefined>();

/**
 * Checks lengths, labels 0..k − 1 and finite values, and the form of a sparse matrix or of indexed bytes.
 *
 * @returns undefined for indexed bytes, which are not counted here
 * @throws FedtempoError DATASET_INVALID naming the first example at fault
 */
export function inspect(dataset: Dataset): Inspection | undefined {
  const known = inspected.get(dataset);
  if (known !== undefined || inspected.has(dataset)) return known;
  checkLabels(dataset);
  const result = inspectFeatures(dataset);
  inspected.set(dataset, result);
  return result;
}

function inspectFeatures(dataset: Dataset): Inspection | undefined {
  const { sparse, indexed } = dataset;
  if (sparse === undefined && indexed === undefined) return inspectDense(dataset);
  const given = [dataset.features.length > 0 && 'dense', sparse && 'sparse', indexed && 'indexed'].filter(Boolean);
  if (given.length > 1) {
    throw invalid('a dataset has its features twice', `${given.join(' and ')} features`, 'one form of features');
  }
  return sparse === undefined ? checkIndexed(dataset) : inspectSparse(dataset);
}

function invalid(summary: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('DATASET_INVALID', summary, { where: 'dataset', found, expected });
}

function checkLabels({ examples, classCount, labels }: Dataset): void {
  if (labels.length !== examples) {
    throw invalid('labels do not match the examples', `${labels.length} labels`, `${examples}`);
  }
  for (let row = 0; row < examples; row++) {
    if (labels[row] >= 0 && labels[row] < classCount) continue;
    throw invalid(`example ${row} has a label outside the classes`, String(labels[row]), `0 to ${classCount - 1}`);
  }
}

function inspectDense({ examples, featureCount, features }: Dataset): Inspection {
  if (features.length !== examples * featureCount) {
    const expected = `${examples} × ${featureCount} = ${examples * featureCount}`;
    throw invalid('features do not match the examples', `${features.length} values`, expected);
  }
  let [nonZeros, longestRow] = [0, 0];
  for (let row = 0; row < examples; row++) {
    let count = 0;
    let poison = 0;
    const end = (row + 1) * featureCount;
    for (let at = row * featureCount; at < end; at++) {
      const value = features[at];
      if (value !== 0) count++;
      poison += value - value; // NaN for NaN and ±Infinity, else 0
    }
    if (poison !== 0) throw notFinite(row, features.subarray(row * featureCount, end));
    nonZeros += count;
    if (count > longestRow) longestRow = count;
  }
  return { nonZeros, longestRow };
}

function checkIndexed({ examples, featureCount, indexed }: Dataset): undefined {
  const { bytes, rows, featureOf } = indexed!;
  if (rows.length !== examples) {
    throw invalid('rows of bytes do not match the examples', `${rows.length} rows`, `${examples}`);
  }
  const last = Math.floor(bytes.length / featureCount) - 1;
  for (let row = 0; row < examples; row++) {
    if (rows[row] <= last) continue;
    throw invalid(`example ${row} is no row of the bytes`, String(rows[row]), `0 to ${last}`);
  }
  if (featureOf.length === 256 && featureOf.every(Number.isFinite)) return;
  throw invalid(
    'bytes do not stand for features',
    `${featureOf.length} values`,
    '256 finite values, one for each byte',
  );
}

function inspectSparse({ examples, featureCount, sparse }: Dataset): Inspection {
  const { rowStarts, columns, values } = sparse!;
  const agrees = rowStarts.length === examples + 1 && rowStarts[0] === 0 && rowStarts[examples] === columns.length;
  if (!agrees || values.length !== columns.length) {
    const found = `${rowStarts.length} row starts, ${columns.length} columns, ${values.length} values`;
    throw invalid('sparse arrays do not agree', found, `${examples + 1} row starts that end at the number of entries`);
  }
  let longestRow = 0;
  for (let row = 0; row < examples; row++) {
    const [from, to] = [rowStarts[row], rowStarts[row + 1]];
    if (to < from) throw invalid(`example ${row} ends before it begins`, `${from} to ${to}`, 'ascending row starts');
    longestRow = Math.max(longestRow, to - from);
    for (let at = from; at < to; at++) {
      const ascends = at === from || columns[at] > columns[at - 1];
      if (columns[at] >= featureCount || !ascends) {
        const expected = `columns ascending within 0 to ${featureCount - 1}`;
        throw invalid(`example ${row} has a column out of place`, String(columns[at]), expected);
      }
      if (!Number.isFinite(values[at])) throw notFinite(row, values.subarray(from, to));
    }
  }
  return { nonZeros: columns.length, longestRow };
}

function notFinite(row: number, values: Float32Array): FedtempoError {
  const found = values.find((value) => !Number.isFinite(value));
  return invalid(`example ${row} has a value that is not finite`, String(found), 'finite numbers');
}
