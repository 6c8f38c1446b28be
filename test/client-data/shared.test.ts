/** A dataset that one thread has opened, used by others. */
import { Worker } from 'node:worker_threads';
import { openDataset } from 'fedtempo/client/data/open-dataset.js';
import { loadData } from 'fedtempo/client/load-data.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
import { rowsBetween } from 'fedtempo/shared/data/rows-between.js';
import { type ByteSplit, sourceFrom } from 'fedtempo/shared/data/source.js';
import { RandomStream } from 'fedtempo/shared/math/rng.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { expect, test } from 'vitest';
import { randomExamples } from '../support/kernel-cases.js';

test('a source made from the plain description of another selects the same examples', async () => {
  const opened = await openDataset({ dataset: 'digits' }, '.');
  const again = sourceFrom(structuredClone(opened.shared));
  expect({ ...again, train: 0, test: 0, shared: 0 }).toEqual({ ...opened, train: 0, test: 0, shared: 0 });
  const rows = Uint32Array.of(7, 1499, 0);
  for (const part of ['train', 'test'] as const) {
    expect(again[part].labels).toEqual(opened[part].labels);
    expect(denseFeatures(again[part].select())).toEqual(denseFeatures(opened[part].select()));
  }
  expect(again.train.select(rows).labels).toEqual(opened.train.select(rows).labels);
});

test.each(['digits', 'xor', 'mnist'] as const)(
  'the bytes of %s reach another thread without being copied',
  async (dataset) => {
    const { shared } = await openDataset({ dataset }, '.');
    const writesOne = `
    const { parentPort, workerData } = require('node:worker_threads');
    for (const { pixels, labels } of [workerData.train, workerData.test]) { pixels[1] = 201; labels[1] = 202; }
    parentPort.postMessage('done');`;
    const worker = new Worker(writesOne, { eval: true, workerData: shared });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    for (const { pixels, labels } of [shared.train, shared.test] as ByteSplit[])
      expect([pixels[1], labels[1]]).toEqual([201, 202]);
  },
);

test('a thread that is given the dataset opens no file', async () => {
  const text = `
schemaVersion: 1
name: given
data: { dataset: idx, folder: ./nowhere, partition: { kind: iid, clients: 3 } }
model: { kind: mlp, hidden: [4] }
federation: { rounds: 1, cohort: { size: 1 } }
schedules: { learningRate: 0.1, batchSize: 5 }
`;
  const [{ scenario }] = loadScenarios(text, 'given.yaml');
  const { shared } = await openDataset({ dataset: 'digits' }, '.');
  const data = await loadData(scenario, '.', shared);
  expect((data.source.shared.train as ByteSplit).pixels).toBe((shared.train as ByteSplit).pixels);
  expect(data.model.widths).toEqual([64, 4, 10]);
  expect(data.partition.sizeOf(0)).toBe(500);
});

test.each(['dense', 'sparse', 'indexed'] as const)('a run of %s rows is what the whole has there', (form) => {
  const shape = { examples: 20, featureCount: 7, classCount: 3 };
  const whole = randomExamples(shape, 0.4, form, new RandomStream(4, 'synthetic', 0, 0));
  const part = rowsBetween(whole, 6, 13);
  expect(part.examples).toBe(7);
  expect(part.labels).toEqual(whole.labels.slice(6, 13));
  expect(denseFeatures(part)).toEqual(denseFeatures(whole).slice(6 * 7, 13 * 7));
  expect(part.indexed?.bytes).toBe(whole.indexed?.bytes);
});
