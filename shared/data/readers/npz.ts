/**
 * NumPy's .npz: a ZIP archive of .npy arrays, of which two are read: `x` and `y`, or `features` and `labels`.
 *
 * The first dimension of both counts the examples; further ones of the features are flattened. Unsigned bytes stay bytes.
 */
import { MAX_WIDTH } from '../../model/model.js';
import { type NpyArray, readNpy } from './npy.js';
import { isLabel, type Table, unsound, WHOLE_LABEL } from './table.js';
import { unzipEntry, type ZipEntry, zipEntries } from './zip.js';

/** The most that both arrays may have once unpacked: 1 GiB. */
export const MAX_NPZ_BYTES = 2 ** 30;

/** Names that belong together: features, labels. */
const PAIRS = [
  ['x', 'y'],
  ['features', 'labels'],
] as const;

export interface NpzOptions {
  /** What features that are no bytes are divided by, before they are rounded to float32. Default 1. */
  readonly scale?: number | undefined;
  /** The most that both arrays may have once unpacked. */
  readonly maxBytes?: number;
}

/**
 * @param where what an error calls the source, such as the file's path
 * @throws FedtempoError DATASET_INVALID, naming the array
 */
export function readNpz(
  bytes: Uint8Array,
  where: string,
  { scale = 1, maxBytes = MAX_NPZ_BYTES }: NpzOptions = {},
): Table {
  const entries = zipEntries(bytes, where);
  const [x, y] = choosePair(entries, where);
  const [xWhere, yWhere] = [`${where}: ${x.name}`, `${where}: ${y.name}`];
  // Both sizes are claims until they are unpacked, but neither is unpacked beyond its claim.
  const features = readNpy(unzipEntry(bytes, x, maxBytes, xWhere), xWhere);
  const labels = readNpy(unzipEntry(bytes, y, maxBytes - x.size, yWhere), yWhere);
  const [examples, ...rest] = features.shape;
  const featureCount = rest.reduce((product, size) => product * size, 1);
  if (rest.length === 0 || featureCount > MAX_WIDTH) {
    const expected = `[examples, features], at most ${MAX_WIDTH} features`;
    throw unsound(xWhere, 'not an array of features', said(features), expected, 'save features as two dimensions');
  }
  if (labels.shape.length !== 1 || labels.length !== examples) {
    const expected = `(${examples}), one label for each example of ${x.name}`;
    throw unsound(yWhere, 'not one label for each example', said(labels), expected, 'save labels as one dimension');
  }
  return {
    featureCount,
    features: features.bytes ?? floats(features, scale, featureCount, xWhere),
    labels: classes(labels, yWhere),
  };
}

function choosePair(entries: readonly ZipEntry[], where: string): [ZipEntry, ZipEntry] {
  for (const names of PAIRS) {
    const found = names.map((name) => entries.filter((entry) => entry.name === `${name}.npy`));
    if (found.every(({ length }) => length === 1)) return [found[0][0], found[1][0]];
  }
  const listed = entries.slice(0, 20).map(({ name }) => name.replace(/\.npy$/, ''));
  const found = listed.length === 0 ? 'no arrays' : listed.join(', ');
  const fix = 'save with numpy.savez(path, x=features, y=labels)';
  throw unsound(where, 'the arrays are not there', found, 'x and y, or features and labels', fix);
}

function floats(array: NpyArray, scale: number, featureCount: number, where: string): Float32Array {
  const out = new Float32Array(array.length);
  for (let index = 0; index < out.length; index++) {
    out[index] = array.at(index) / scale;
    if (Number.isFinite(out[index])) continue;
    const place = `${where}[${Math.floor(index / featureCount)}, ${index % featureCount}]`;
    const fix = 'fill in or remove examples with missing values';
    throw unsound(place, 'a feature is no finite number', String(array.at(index)), 'a number within float32', fix);
  }
  return out;
}

function classes(array: NpyArray, where: string): Int32Array {
  const out = new Int32Array(array.length);
  for (let index = 0; index < out.length; index++) {
    const label = array.at(index);
    if (!isLabel(label)) {
      const place = `${where}[${index}]`;
      throw unsound(place, 'a label is no class', String(label), WHOLE_LABEL, 'number the classes from 0');
    }
    out[index] = label;
  }
  return out;
}

function said({ shape }: NpyArray): string {
  return `shape (${shape.join(', ')})`;
}
