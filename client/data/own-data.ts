/**
 * Data that a client brings itself: a CSV or NPZ file, a folder with IDX files, or arrays of a program it is part of.
 * They stay in this process, in memory that its threads share.
 */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { DEFAULT_SCALE } from '../../shared/data/dataset-spec.js';
import { MAX_OWN_EXAMPLES } from '../../shared/data/partition/own.js';
import { isLabel, unsound, WHOLE_LABEL } from '../../shared/data/readers/table.js';
import type { Split } from '../../shared/data/source.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { MAX_WIDTH } from '../../shared/model/model.js';
import { digestOfSplits, largestLabel } from './digest.js';
import { readIdxSplit } from './idx-folder.js';
import { sharedCopy } from './shared-copy.js';
import { type OpenTable, readTableFile, type TableOptions } from './table-file.js';

/** What a client has. Letters: n examples, d features. */
export interface OwnData {
  /** Of the file or folder, without its path. */
  readonly name: string;
  /** d */
  readonly featureCount: number;
  /** The largest label, plus 1: there may be classes that this client has none of. */
  readonly classCount: number;
  /** n, at least 1 */
  readonly examples: number;
  /** SHA-256, in hexadecimal, over features and labels. */
  readonly digest: string;
  /** Features as floats or as bytes, and labels; in memory that threads share. */
  readonly split: Split;
  /** What bytes are divided by to become features; 1 for floats. */
  readonly scale: number;
}

export interface OwnDataOptions extends TableOptions {
  /** A .csv, .csv.gz or .npz file, or a folder with the IDX files `train-images` and `train-labels`. */
  readonly path: string;
}

/**
 * Opens a client's own data.
 *
 * @throws FedtempoError DATASET_MISSING, DATASET_INVALID; they name the file, and the line or array in it
 */
export async function openOwnData({ path, ...options }: OwnDataOptions): Promise<OwnData> {
  const whole = resolve(path);
  const table = (await isFolder(whole)) ? await readFolder(whole, options) : await readTableFile(whole, options);
  return described(basename(whole), table);
}

export interface GivenData {
  /** [n × d] row-major; copied. */
  readonly features: Float32Array;
  /** [n], whole numbers from 0. */
  readonly labels: Int32Array | readonly number[];
  /** d */
  readonly featureCount: number;
  /** What errors and records call the data. Default: own. */
  readonly name?: string;
}

/** The data that a program gives. @throws FedtempoError DATASET_INVALID if they do not fit together or are not finite */
export function ownDataOf({ features, labels, featureCount, name = 'own' }: GivenData): OwnData {
  if (!Number.isInteger(featureCount) || featureCount < 1 || featureCount > MAX_WIDTH) {
    const expected = `a whole number from 1 to ${MAX_WIDTH}`;
    throw unsound(name, 'featureCount is no count', String(featureCount), expected, 'give the features of an example');
  }
  const examples = labels.length;
  if (examples === 0 || features.length !== examples * featureCount) {
    const found = `${features.length} features, ${examples} labels`;
    const expected = `${featureCount} features for each of at least one label`;
    throw unsound(name, 'features and labels do not fit together', found, expected, 'give n · d features and n labels');
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const where = `${name}: features[${bad}]`;
    const fix = 'fill in or leave out examples with missing values';
    throw unsound(where, 'a feature is no finite number', String(features[bad]), 'a finite number', fix);
  }
  labels.forEach((label, index) => {
    if (isLabel(label)) return;
    const where = `${name}: labels[${index}]`;
    throw unsound(where, 'a label is no class', String(label), WHOLE_LABEL, 'number the classes from 0');
  });
  const split = { features: sharedCopy(features), labels: sharedCopy(Int32Array.from(labels)) };
  return described(name, { featureCount, split, scale: 1 });
}

function described(name: string, { featureCount, split, scale }: OpenTable): OwnData {
  const [examples, classCount] = [split.labels.length, largestLabel(split) + 1];
  if (examples > MAX_OWN_EXAMPLES) {
    const [found, expected] = [`${examples} examples`, `at most ${MAX_OWN_EXAMPLES}`];
    throw unsound(name, 'the data have too many examples for one client', found, expected, 'leave out examples');
  }
  return { name, featureCount, classCount, examples, digest: digestOfSplits(split), split, scale };
}

async function readFolder(folder: string, { label, scale = DEFAULT_SCALE }: TableOptions): Promise<OpenTable> {
  if (label !== undefined) {
    const expected = 'no label with a folder, whose labels are in a file of their own';
    throw unsound(folder, 'IDX files have no columns', `label ${label}`, expected, 'leave out the label');
  }
  const howToGet = 'put the IDX files of images and labels into this folder, or name a .csv or .npz file';
  const { featureCount, pixels, labels } = await readIdxSplit(folder, 'train', howToGet);
  return { featureCount, split: { pixels, labels }, scale };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const details = {
      where: path,
      found: messageOf(error),
      expected: 'a .csv or .npz file, or a folder with IDX files',
      fix: 'check the path',
    };
    throw new FedtempoError('DATASET_MISSING', 'the data are not there', details, error);
  }
}
