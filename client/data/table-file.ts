/** A CSV or NPZ file of labelled examples, in memory that threads share. */
import { DEFAULT_SCALE } from '../../shared/data/dataset-spec.js';
import { isCsv, isNpz } from '../../shared/data/own-spec.js';
import type { Table } from '../../shared/data/readers/table.js';
import type { Split } from '../../shared/data/source.js';
import { FedtempoError } from '../../shared/errors.js';
import { readDataFile } from './data-file.js';
import { sharedCopy } from './shared-copy.js';

export interface TableOptions {
  /** The label column of a CSV file. */
  readonly label?: string | undefined;
  /** Names of the classes 0, 1, … where a CSV file has texts as labels. */
  readonly classNames?: readonly string[] | undefined;
  /** What a value is divided by to become a feature. Default 255 for unsigned bytes, 1 for other numbers. */
  readonly scale?: number | undefined;
}

export interface OpenTable {
  readonly featureCount: number;
  readonly split: Split;
  /** What bytes are divided by; 1 for floats, which are features as they are. */
  readonly scale: number;
}

/**
 * @param path ends in .csv, .csv.gz or .npz
 * @throws FedtempoError DATASET_MISSING, DATASET_INVALID
 */
export async function readTableFile(path: string, options: TableOptions): Promise<OpenTable> {
  const { featureCount, features, labels } = await readTable(path, options);
  if (features instanceof Float32Array) {
    return { featureCount, split: { features: sharedCopy(features), labels: sharedCopy(labels) }, scale: 1 };
  }
  const split = { pixels: sharedCopy(features), labels: sharedCopy(labels) };
  return { featureCount, split, scale: options.scale ?? DEFAULT_SCALE };
}

/** The readers are loaded when they are needed: runs on other data start sooner without them. */
async function readTable(path: string, { label, classNames, scale }: TableOptions): Promise<Table> {
  if (isCsv(path)) {
    const { MAX_CSV_BYTES, readCsv } = await import('../../shared/data/readers/csv.js');
    return readCsv(await readDataFile(path, MAX_CSV_BYTES), path, { label, names: classNames, scale });
  }
  if (!isNpz(path)) {
    throw new FedtempoError('DATASET_INVALID', 'the data file is of no known kind', {
      where: path,
      found: 'another ending',
      expected: '.csv, .csv.gz, .npz, or a folder with IDX files',
      fix: 'save the data as one of these',
    });
  }
  const { readNpz } = await import('../../shared/data/readers/npz.js');
  return readNpz(await readDataFile(path), path, { scale });
}
