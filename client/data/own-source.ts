/** Dataset `own` as a coordinator sees it: its shape, no training examples, and a test file if there is one. */
import { resolve } from 'node:path';
import type { OwnSpec } from '../../shared/data/own-spec.js';
import { type DatasetSource, noExamples, sourceFrom } from '../../shared/data/source.js';
import { digestOfSplits, largestLabel } from './digest.js';
import { refuseOtherShape } from './other-shape.js';
import { readTableFile } from './table-file.js';

/**
 * @param baseFolder what a relative `test` starts from: the scenario's folder
 * @throws FedtempoError DATASET_MISSING, DATASET_INVALID, also for a test file of another shape than the scenario says
 */
export async function openOwnSource(
  { features, classes, test: file, label, scale }: OwnSpec,
  baseFolder: string,
): Promise<DatasetSource> {
  const shape = { name: 'own', featureCount: features, classCount: classes };
  if (file === undefined) {
    return sourceFrom({ ...shape, scale: 1, digest: digestOfSplits(noExamples), train: noExamples, test: noExamples });
  }
  const path = resolve(baseFolder, file);
  const { split: test, ...table } = await readTableFile(path, { label, scale });
  const found = { name: path, featureCount: table.featureCount, classCount: largestLabel(test) + 1 };
  refuseOtherShape(found, features, classes);
  const digest = digestOfSplits(noExamples, test);
  return sourceFrom({ ...shape, scale: table.scale, digest, train: noExamples, test });
}
