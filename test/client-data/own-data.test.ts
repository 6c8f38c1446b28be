/** Data that a client brings itself, and what it trains on them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { openDataset } from 'fedtempo/client/data/open-dataset.js';
import { type OwnData, openOwnData, ownDataOf } from 'fedtempo/client/data/own-data.js';
import { ownClientData } from 'fedtempo/client/own-client-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
import { type FloatSplit, sourceFrom } from 'fedtempo/shared/data/source.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { zipSync } from 'fflate';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function refusal(attempt: Promise<unknown>): Promise<FedtempoError> {
  const error = await attempt.then(
    () => new Error('it was opened'),
    (reason: unknown) => reason,
  );
  if (error instanceof FedtempoError) return error;
  throw error;
}

const bytesOf = (own: OwnData) => ('features' in own.split ? own.split.features : own.split.pixels);
const idx = (dimensions: number[], values: number[]) =>
  Uint8Array.from([0, 0, 8, dimensions.length, ...dimensions.flatMap((length) => [0, 0, 0, length]), ...values]);

function npy(descr: string, shape: string, values: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const start = [0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8];
  return Uint8Array.from([...start, ...Buffer.from(header), ...values]);
}

test('a CSV file is opened, its largest label counted', async () => {
  const own = await openOwnData({ path: await file('a.csv', 'a,y,b\n1,0,2\n3,4,-1\n'), label: 'y' });
  expect(own).toMatchObject({ name: 'a.csv', featureCount: 2, classCount: 5, examples: 2, scale: 1 });
  expect([...bytesOf(own)]).toEqual([1, 2, 3, -1]);
  expect([...own.split.labels]).toEqual([0, 4]);
});

test('a packed CSV file with names for its classes has the same digest as a plain one with numbers', async () => {
  const packed = await file('a.csv.gz', gzipSync('a,y\n1,no\n2,yes\n'));
  const plain = await file('a.csv', 'a,y\n1,0\n2,1\n');
  const named = await openOwnData({ path: packed, label: 'y', classNames: ['no', 'yes'] });
  expect(named.digest).toBe((await openOwnData({ path: plain, label: 'y' })).digest);
  expect(named.digest).toMatch(/^[0-9a-f]{64}$/);
});

test('bytes of an NPZ file stay bytes, divided by 255 unless a scale is given', async () => {
  const x = npy('|u1', '(2, 1, 2)', Uint8Array.of(0, 255, 51, 102));
  const path = await file('a.npz', zipSync({ 'x.npy': x, 'y.npy': npy('|u1', '(2,)', Uint8Array.of(1, 0)) }));
  const own = await openOwnData({ path });
  expect(own).toMatchObject({ name: 'a.npz', featureCount: 2, classCount: 2, scale: 255 });
  expect(bytesOf(own)).toBeInstanceOf(Uint8Array);
  expect((await openOwnData({ path, scale: 51 })).scale).toBe(51);
});

test('a folder needs the training files of an IDX set alone', async () => {
  await file('train-images-idx3-ubyte', idx([2, 1, 2], [0, 255, 51, 102]));
  await file('train-labels-idx1-ubyte', idx([2], [0, 2]));
  const own = await openOwnData({ path: folder, scale: 51 });
  expect(own).toMatchObject({ featureCount: 2, classCount: 3, examples: 2, scale: 51 });
  const source = sourceFrom({ ...own, train: own.split, test: own.split });
  expect([...denseFeatures(source.train.select())]).toEqual([0, 5, 1, 2]);
});

test.each<[string, string | undefined, string, string, string]>([
  ['a.csv', 'kind', 'DATASET_INVALID', 'not in the header', 'a, y'],
  ['a.csv', undefined, 'DATASET_INVALID', 'needs the name of its label column', 'a, y'],
  ['a.txt', 'y', 'DATASET_INVALID', 'of no known kind', '.csv'],
  ['b.csv', 'y', 'DATASET_MISSING', 'not there', '.csv or .npz'],
])('%s with the label %s is one clear error', async (name, label, code, summary, expected) => {
  await file('a.csv', 'a,y\n1,0\n');
  await file('a.txt', 'a,y\n1,0\n');
  const error = await refusal(openOwnData({ path: join(folder, name), ...(label === undefined ? {} : { label }) }));
  expect(error.code).toBe(code);
  expect(error.message).toContain(join(folder, name));
  expect(error.summary).toContain(summary);
  expect(error.details.expected).toContain(expected);
  expect(error.details.fix).toBeTruthy();
});

test('a folder without its files says which are needed, and that a label is not', async () => {
  await mkdir(join(folder, 'set'));
  const missing = await refusal(openOwnData({ path: join(folder, 'set') }));
  expect(missing).toMatchObject({ code: 'DATASET_MISSING', summary: 'train-images-idx3-ubyte was not found' });
  const labelled = await refusal(openOwnData({ path: join(folder, 'set'), label: 'y' }));
  expect(labelled.details.found).toBe('label y');
});

describe('data that a program gives', () => {
  test('are copied, and described as those of a file', () => {
    const features = Float32Array.of(1, 2, 3, 4);
    const own = ownDataOf({ features, labels: [1, 3], featureCount: 2, name: 'meters' });
    features[0] = 9;
    expect(own).toMatchObject({ name: 'meters', featureCount: 2, classCount: 4, examples: 2 });
    expect([...bytesOf(own)]).toEqual([1, 2, 3, 4]);
    expect(own.digest).toBe(
      ownDataOf({ features: Float32Array.of(1, 2, 3, 4), labels: Int32Array.of(1, 3), featureCount: 2 }).digest,
    );
  });

  test.each<[string, number[], number[], number, string]>([
    ['too few features', [1, 2, 3], [0, 1], 2, '3 features, 2 labels'],
    ['no examples', [], [], 2, '0 features, 0 labels'],
    ['no features', [], [0], 0, '0'],
    ['a feature that is no number', [1, Number.NaN], [0], 2, 'NaN'],
    ['a label with a fraction', [1, 2], [0.5], 2, '0.5'],
    ['a negative label', [1, 2], [-1], 2, '-1'],
    ['a label past 32 bits', [1, 2], [2 ** 32], 2, '4294967296'],
  ])('are refused with %s', (_, features, labels, featureCount, found) => {
    const give = () => ownDataOf({ features: Float32Array.from(features), labels, featureCount });
    expect(give).toThrow(
      expect.objectContaining({ code: 'DATASET_INVALID', details: expect.objectContaining({ found }) }),
    );
  });
});

test('own data reach another thread without being copied', async () => {
  const own = ownDataOf({ features: Float32Array.of(1, 2, 3, 4), labels: [1, 0], featureCount: 2 });
  const writesOne = `
    const { parentPort, workerData } = require('node:worker_threads');
    workerData.features[2] = 7.5; workerData.labels[1] = 1;
    parentPort.postMessage('done');`;
  const worker = new Worker(writesOne, { eval: true, workerData: own.split });
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
  expect([...bytesOf(own), ...own.split.labels]).toEqual([1, 2, 7.5, 4, 1, 1]);
});

test('floats are selected by row; a run of rows is a view, and a row beyond the last is refused', () => {
  const split: FloatSplit = { features: Float32Array.of(0, 1, 2, 3, 4, 5), labels: Int32Array.of(0, 1, 2) };
  const shape = { name: 'floats', featureCount: 2, classCount: 3, scale: 1, digest: 'd' };
  const { train } = sourceFrom({ ...shape, train: split, test: split });
  const picked = train.select(Uint32Array.of(2, 0));
  expect([[...picked.features], [...picked.labels]]).toEqual([
    [4, 5, 0, 1],
    [2, 0],
  ]);
  const run = train.select(Uint32Array.of(1, 2));
  expect([...run.features]).toEqual([2, 3, 4, 5]);
  expect(run.features.buffer).toBe(split.features.buffer);
  expect(train.select(new Uint32Array(0)).features.length).toBe(0);
  expect(() => train.select(Uint32Array.of(3))).toThrow(FedtempoError);
});

describe('a participant with its own data', () => {
  const [{ scenario }] = loadScenarios(
    `
schemaVersion: 1
name: own-client
seed: 11
data: { dataset: digits, partition: { kind: iid, clients: 6 } }
model: { kind: mlp, hidden: [8] }
federation: { rounds: 3, cohort: { size: 2 }, localEpochs: 2 }
schedules: { learningRate: 0.2, batchSize: 16 }
`,
    'own-client.yaml',
  );
  const role = { featureCount: 64, classCount: 10, client: 4 };
  const plan = roundPlanner(scenario, { examples: 240 }).plan(1, 40);
  let rows: { features: Float32Array; labels: Int32Array };
  beforeAll(async () => {
    const shard = (await openDataset({ dataset: 'digits' }, '.')).train.select(
      Uint32Array.from({ length: 40 }, (_, row) => 100 + 7 * row),
    );
    rows = { features: denseFeatures(shard), labels: shard.labels };
  });

  /** What the client trains on the rows, whatever they came from. */
  function train(own: OwnData, kernels: 'reference' | 'auto') {
    const data = ownClientData(own, scenario.model, role);
    const weights = initialize(data.model, 'glorot', scenario.seed);
    return createParticipant(data, chooseKernels(kernels), scenario.seed).answer(plan, role.client, weights);
  }

  test('trains to the same bits from CSV, NPZ, IDX and memory, with either kernels', async () => {
    const pixels = Uint8Array.from(rows.features, (feature) => feature * 16);
    const line = (row: number) => [...pixels.subarray(row * 64, (row + 1) * 64), rows.labels[row]].join(',');
    const header = [...Array.from({ length: 64 }, (_, column) => `p${column}`), 'digit'].join(',');
    const csv = await file('a.csv', `${header}\n${Array.from(rows.labels, (_, row) => line(row)).join('\n')}\n`);
    const labels = npy('<i8', '(40,)', new Uint8Array(BigInt64Array.from(rows.labels, BigInt).buffer));
    const doubles = new Uint8Array(Float64Array.from(pixels).buffer);
    const npz = (x: Uint8Array) => zipSync({ 'x.npy': x, 'y.npy': labels });
    const floats = await file('f.npz', npz(npy('<f8', '(40, 64)', doubles)));
    const bytes = await file('b.npz', npz(npy('|u1', '(40, 8, 8)', pixels)));
    await file('train-images-idx3-ubyte', idx([40, 8, 8], [...pixels]));
    await file('train-labels-idx1-ubyte', idx([40], [...rows.labels]));
    const opened = [
      ownDataOf({ ...rows, featureCount: 64 }),
      await openOwnData({ path: csv, label: 'digit', scale: 16 }),
      await openOwnData({ path: floats, scale: 16 }),
      await openOwnData({ path: bytes, scale: 16 }),
      await openOwnData({ path: folder, scale: 16 }),
    ];
    const expected = train(opened[0], 'reference');
    expect(expected).toMatchObject({ kind: 'update', client: 4, examples: 40 });
    expect(expected.delta?.some((value) => value !== 0)).toBe(true);
    for (const own of opened) {
      for (const kernels of ['reference', 'auto'] as const) expect(train(own, kernels).delta).toEqual(expected.delta);
    }
  });

  test('has every row as its shard, under its own number in the population', () => {
    const { partition, source, model } = ownClientData(ownDataOf({ ...rows, featureCount: 64 }), scenario.model, role);
    expect(partition.sizeOf(4)).toBe(40);
    expect(source.train.select(partition.shardOf(4)).labels).toEqual(rows.labels);
    expect(source.test.examples).toBe(0);
    expect(model.widths).toEqual([64, 8, 10]);
  });

  test('may lack classes, but not have others than the coordinator, nor other features', () => {
    const own = ownDataOf({ features: new Float32Array(64).fill(0.5), labels: [3], featureCount: 64, name: 'one.csv' });
    expect(ownClientData(own, scenario.model, role).model.widths).toEqual([64, 8, 10]);
    expect(() => ownClientData(own, scenario.model, { ...role, classCount: 3 })).toThrow(
      /one\.csv: the data have a label beyond the classes[\s\S]*label 3[\s\S]*0 to 2/,
    );
    expect(() => ownClientData(own, scenario.model, { ...role, featureCount: 63 })).toThrow(
      /one\.csv: the data have another number of features[\s\S]*64 features[\s\S]*63 features/,
    );
  });
});
