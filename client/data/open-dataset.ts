/** From what a scenario asks for to a dataset ready for use. Its files are read once, whole, into memory that threads share. */
import { checkDatasetSpec, type DatasetName, type DatasetSpec } from '../../shared/data/dataset-spec.js';
import { ownSpecOf } from '../../shared/data/own-spec.js';
import { type ByteSplit, type DatasetSource, sourceFrom } from '../../shared/data/source.js';
import { FedtempoError } from '../../shared/errors.js';
import { digestOfSplits, largestLabel } from './digest.js';
import { readIdxFolder } from './idx-folder.js';
import { locate } from './known-datasets.js';
import { openOwnSource } from './own-source.js';
import { xorPoints } from './xor.js';

/** Both parts as bytes. */
interface Bytes {
  readonly featureCount: number;
  readonly train: ByteSplit;
  readonly test: ByteSplit;
}

/**
 * Opens a dataset.
 *
 * @param baseFolder what a relative `spec.folder` starts from: the scenario's folder
 * @throws FedtempoError DATASET_MISSING (saying how to get it), DATASET_INVALID, SCENARIO_CONTRADICTION, or
 *   SCENARIO_INVALID for a `trainLimit` above the number of training examples
 */
export async function openDataset(spec: DatasetSpec, baseFolder: string): Promise<DatasetSource> {
  checkDatasetSpec(spec);
  const { dataset } = spec;
  if (dataset === 'own') return openOwnSource(ownSpecOf(spec), baseFolder);
  const { bytes, scale } = await readBytes({ ...spec, dataset }, baseFolder);
  const { featureCount, test } = bytes;
  const train = limited(bytes.train, featureCount, spec.trainLimit);
  const classCount = Math.max(largestLabel(bytes.train), largestLabel(test)) + 1;
  return sourceFrom({
    name: dataset,
    featureCount,
    classCount,
    scale,
    digest: digestOfSplits(train, test),
    train,
    test,
  });
}

async function readBytes(
  spec: DatasetSpec & { dataset: Exclude<DatasetName, 'own'> },
  baseFolder: string,
): Promise<{ bytes: Bytes; scale: number }> {
  const { dataset } = spec;
  if (dataset === 'xor') return { bytes: { featureCount: 2, train: xorPoints, test: xorPoints }, scale: 1 };
  const { folder, scale, howToGet } = locate({ ...spec, dataset }, baseFolder);
  return { bytes: await readIdxFolder(folder, howToGet), scale };
}

function limited(split: ByteSplit, featureCount: number, limit = split.labels.length): ByteSplit {
  const examples = split.labels.length;
  if (limit > examples) {
    throw new FedtempoError('SCENARIO_INVALID', 'trainLimit is larger than the dataset', {
      where: 'data.trainLimit',
      found: String(limit),
      expected: `at most ${examples}`,
      fix: 'lower data.trainLimit, or leave it out to use all training examples',
    });
  }
  return { pixels: split.pixels.subarray(0, limit * featureCount), labels: split.labels.subarray(0, limit) };
}
