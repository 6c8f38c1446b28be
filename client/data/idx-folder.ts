/**
 * The four IDX files of a dataset in a folder, under the names that MNIST gave them.
 *
 * Copies of these sets differ in two ways only: `-` or `.` before `idx`, and plain or `.gz`. All four spellings are tried.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type IdxArray, readIdx } from '../../shared/data/readers/idx.js';
import { FedtempoError } from '../../shared/errors.js';
import { readDataFile } from './data-file.js';

/** One part, and d. */
export interface IdxSplit {
  readonly featureCount: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** Both parts as bytes; d agrees between them. */
export interface IdxDataset {
  readonly featureCount: number;
  readonly train: IdxSplit;
  readonly test: IdxSplit;
}

/**
 * Reads the four files of `folder`.
 *
 * @param howToGet what to do when a file is missing; the end of the error
 * @throws FedtempoError DATASET_MISSING for a file that is not there, DATASET_INVALID for one that is not sound or does
 *   not agree with the others
 */
export async function readIdxFolder(folder: string, howToGet: string): Promise<IdxDataset> {
  // One after the other, so that of several unsound files the same one is always named.
  const train = await readIdxSplit(folder, 'train', howToGet);
  const test = await readIdxSplit(folder, 't10k', howToGet);
  if (train.featureCount !== test.featureCount) {
    const found = `${train.featureCount} values a training image, ${test.featureCount} a test image`;
    throw disagreement(folder, 'training and test images differ in size', found, 'images of one size');
  }
  return { featureCount: train.featureCount, train, test };
}

/**
 * Reads the two files of one part.
 *
 * @param part `train` or `t10k`
 * @throws as `readIdxFolder`
 */
export async function readIdxSplit(folder: string, part: string, howToGet: string): Promise<IdxSplit> {
  const images = await readArray(folder, `${part}-images`, 3, howToGet);
  const labels = await readArray(folder, `${part}-labels`, 1, howToGet);
  if (images.dimensions.length < 2) {
    throw disagreement(
      images.path,
      'not a file of images',
      '1 dimension',
      'images: 2 to 4 dimensions, the first their number',
    );
  }
  if (labels.dimensions.length !== 1) {
    throw disagreement(
      labels.path,
      'not a file of labels',
      `${labels.dimensions.length} dimensions`,
      'labels: 1 dimension',
    );
  }
  const [examples, ...shape] = images.dimensions;
  if (examples !== labels.values.length) {
    const found = `${examples} images, ${labels.values.length} labels`;
    throw disagreement(labels.path, 'images and labels differ in number', found, 'one label for each image');
  }
  const featureCount = shape.reduce((product, length) => product * length, 1);
  return { pixels: images.values, labels: labels.values, featureCount };
}

async function readArray(
  folder: string,
  stem: string,
  rank: number,
  howToGet: string,
): Promise<IdxArray & { path: string }> {
  const names = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`].flatMap((name) => [name, `${name}.gz`]);
  for (const name of names) {
    const path = join(folder, name);
    if (await isFile(path)) return { ...readIdx(await readDataFile(path), path), path };
  }
  throw new FedtempoError('DATASET_MISSING', `${names[0]} was not found`, {
    where: folder,
    found: 'none of the names expected',
    expected: names.join(', '),
    fix: howToGet,
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function disagreement(where: string, summary: string, found: string, expected: string): FedtempoError {
  const fix = 'use the four files of one publication of the dataset';
  return new FedtempoError('DATASET_INVALID', summary, { where, found, expected, fix });
}
