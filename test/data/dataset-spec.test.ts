import { checkDatasetSpec, type DatasetSpec, datasetSpecSchema } from 'fedtempo/shared/data/dataset-spec.js';
import { expect, test } from 'vitest';

const own = { dataset: 'own', features: 4, classes: 3, examples: 150 } as const;

test.each<DatasetSpec>([
  { dataset: 'mnist' },
  { dataset: 'mnist', folder: './mnist', trainLimit: 6000 },
  { dataset: 'fashion-mnist', folder: '/data/fashion' },
  { dataset: 'digits', trainLimit: 100 },
  { dataset: 'xor' },
  { dataset: 'idx', folder: 'emnist', scale: 1 },
  { dataset: 'own', features: 4, classes: 3, examples: 150 },
  { dataset: 'own', features: 4, classes: 3, examples: 150, test: 'a/T.CSV.gz', label: 'kind', scale: 16 },
  { dataset: 'own', features: 4, classes: 3, examples: 150, test: './t.npz' },
])('%j can be asked for', (spec) => {
  expect(datasetSpecSchema.parse(spec)).toEqual(spec);
  expect(() => checkDatasetSpec(spec)).not.toThrow();
});

test.each([
  { dataset: 'minst' },
  { dataset: 'mnist', limit: 3 },
  { dataset: 'mnist', trainLimit: 0 },
  { dataset: 'mnist', trainLimit: 1.5 },
  { dataset: 'mnist', folder: '' },
  { dataset: 'idx', folder: 'a', scale: 0 },
  { dataset: 'own', features: 0, classes: 3, examples: 150 },
  { dataset: 'own', features: 4, classes: 1, examples: 150 },
  { dataset: 'own', features: 4, classes: 3, examples: 1.5 },
  { dataset: 'idx', folder: 'a', scale: -255 },
  {},
])('%j is not a dataset', (spec) => {
  expect(datasetSpecSchema.safeParse(spec).success).toBe(false);
});

test.each<[DatasetSpec, string]>([
  [{ dataset: 'idx' }, 'data.folder'],
  [{ dataset: 'digits', folder: 'a' }, 'data.folder'],
  [{ dataset: 'xor', folder: 'a' }, 'data.folder'],
  [{ dataset: 'mnist', scale: 16 }, 'data.scale'],
  [{ dataset: 'mnist', features: 784 }, 'data.features'],
  [{ dataset: 'digits', classes: 10 }, 'data.classes'],
  [{ dataset: 'xor', examples: 4 }, 'data.examples'],
  [{ dataset: 'digits', test: 't.csv' }, 'data.test'],
  [{ dataset: 'digits', label: 'y' }, 'data.label'],
  [{ dataset: 'own', classes: 3, examples: 150 }, 'data.features'],
  [{ dataset: 'own', features: 4, examples: 150 }, 'data.classes'],
  [{ dataset: 'own', features: 4, classes: 3 }, 'data.examples'],
  [{ ...own, folder: 'a' }, 'data.folder'],
  [{ ...own, trainLimit: 5 }, 'data.trainLimit'],
  [{ ...own, label: 'y' }, 'data.label'],
  [{ ...own, scale: 16 }, 'data.scale'],
  [{ ...own, test: 't.txt' }, 'data.test'],
  [{ ...own, test: 't.csv' }, 'data.label'],
  [{ ...own, test: 't.npz', label: 'y' }, 'data.label'],
])('%j contradicts itself', (spec, where) => {
  expect(() => checkDatasetSpec(spec)).toThrow(
    expect.objectContaining({ code: 'SCENARIO_CONTRADICTION', details: expect.objectContaining({ where }) }),
  );
});
