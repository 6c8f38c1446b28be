import { checkDatasetSpec, type DatasetSpec, datasetSpecSchema } from 'fedtempo/shared/data/dataset-spec.js';
import { expect, test } from 'vitest';

test.each<DatasetSpec>([
  { dataset: 'mnist' },
  { dataset: 'mnist', folder: './mnist', trainLimit: 6000 },
  { dataset: 'fashion-mnist', folder: '/data/fashion' },
  { dataset: 'digits', trainLimit: 100 },
  { dataset: 'xor' },
  { dataset: 'idx', folder: 'emnist', scale: 1 },
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
])('%j contradicts itself', (spec, where) => {
  expect(() => checkDatasetSpec(spec)).toThrow(
    expect.objectContaining({ code: 'SCENARIO_CONTRADICTION', details: expect.objectContaining({ where }) }),
  );
});
