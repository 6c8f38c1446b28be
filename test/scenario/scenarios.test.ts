import { readdirSync, readFileSync } from 'node:fs';
import { scenarioJsonSchema } from 'fedtempo/shared/scenario/json-schema.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { describe, expect, test } from 'vitest';
import { base, changed } from './base.js';

const folder = new URL('../../scenarios/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const load = (text: string, overrides: string[] = []) => loadScenarios(text, 'a.yaml', overrides);
const loadOne = (text: string, overrides: string[] = []) => load(text, overrides)[0].scenario;

test('there are the scenarios that the README lists', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'digits-quick.yaml',
      'mnist-2nn.yaml',
      'mnist-2nn-noniid.yaml',
      'mnist-batch-decay.yaml',
      'mnist-lr-decay.yaml',
      'xor.yaml',
    ]),
  );
});

test.each(files)('%s is valid, is named as its file, and points editors to the schema', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const [{ scenario }, ...variants] = loadScenarios(text, file);
  expect(`${scenario.name}.yaml`).toBe(file);
  expect(scenario.description).toBeTruthy();
  for (const variant of variants) expect(variant.scenario.name.startsWith(`${scenario.name}-`)).toBe(true);
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./scenario.schema.json');
});

test('the JSON Schema for editors is that of the present schema', () => {
  const committed = JSON.parse(readFileSync(new URL('scenario.schema.json', folder), 'utf8')) as object;
  expect(committed, 'run npm run schema').toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
});

test('what a scenario leaves out is filled in once', () => {
  const scenario = loadOne(base);
  expect(scenario).toMatchObject({
    seed: 1,
    model: { activation: 'relu', loss: 'softmaxCrossEntropy', initialization: 'uniform' },
    federation: {
      algorithm: { kind: 'fedavg' },
      localEpochs: 1,
      clientOptimizer: { kind: 'sgd' },
      minimumReplies: 1,
    },
    evaluation: { every: 1 },
    stop: {},
    pool: { kind: 'process', workers: 2, port: 0 },
  });
});

test('scaffold weighs clients alike unless told, needs plain SGD, and names its keys', () => {
  const algorithm = (text: string, rest: string[] = []) => loadOne(base, [`federation.algorithm=${text}`, ...rest]);
  expect(algorithm('{ kind: scaffold }').federation.algorithm).toEqual({ kind: 'scaffold', weighting: 'uniform' });
  expect(algorithm('{ kind: scaffold }').clientState).toEqual({ memoryMegabytes: 512 });
  const momentum = ['federation.clientOptimizer.kind=momentum'];
  expect(() => algorithm('{ kind: scaffold }', momentum)).toThrow(
    expect.objectContaining({
      code: 'SCENARIO_CONTRADICTION',
      details: {
        where: '--set federation.clientOptimizer.kind',
        found: 'clientOptimizer: { kind: momentum } with algorithm: { kind: scaffold }',
        expected: 'sgd, from whose steps a client can tell its mean gradient',
        fix: 'set federation.clientOptimizer.kind to sgd or federation.algorithm.kind to fedavg',
      },
    }),
  );
  expect(algorithm('{ kind: fedavg }', momentum).federation.clientOptimizer.kind).toBe('momentum');
  expect(() => algorithm('{ kind: scaffold, weighting: equal }')).toThrow(
    /weighting: unknown value[\s\S]*uniform, examples/,
  );
  expect(() => algorithm('{ kind: scafold }')).toThrow(/did you mean scaffold\?/);
});

test('a scenario is frozen through and through', () => {
  const scenario = loadOne(base);
  const parts = [
    scenario,
    scenario.federation,
    scenario.federation.cohort,
    scenario.model.hidden,
    scenario.data.partition,
  ];
  expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
});

test.each([
  [20, 0.25, 5],
  [20, 0.33, 7],
  [7, 0.5, 4],
  [20, 0.001, 1],
  [20, 1, 20],
])('of %d clients a fraction of %d is a cohort of %d', (clients, fraction, size) => {
  const text = changed('clients: 20', `clients: ${clients}`).replace('size: 5', `fraction: ${fraction}`);
  expect(loadOne(text).federation.cohort).toEqual({ size });
});

test('local steps stand in place of local epochs', () => {
  const scenario = loadOne(changed('rounds: 60', 'rounds: 60\n  localSteps: 9'));
  expect(scenario.federation).not.toHaveProperty('localEpochs');
  expect(scenario.federation.localSteps).toBe(9);
  expect(loadOne(changed('rounds: 60', 'rounds: 60\n  localEpochs: 3')).federation.localEpochs).toBe(3);
});

test('JSON is read as well, and means the same', () => {
  const json = {
    schemaVersion: 1,
    name: 'base',
    data: { dataset: 'digits', partition: { kind: 'iid', clients: 20 } },
    model: { kind: 'mlp', hidden: [32] },
    federation: { rounds: 60, cohort: { size: 5 } },
    schedules: { learningRate: 0.3, batchSize: 10 },
  };
  expect(loadOne(JSON.stringify(json))).toEqual(loadOne(base));
  expect(loadOne(JSON.stringify(json, undefined, '\t'))).toEqual(loadOne(base));
});

test('an error in JSON names its line too', () => {
  const text = '{\n\t"schemaVersion": 1,\n\t"seed": -4\n}';
  expect(() => loadScenarios(text, 'a.json')).toThrow(/a\.json:3: seed: too small/);
});

describe('--set', () => {
  test('changes values, the last one winning, and reads them as YAML', () => {
    const scenario = loadOne(base, [
      'seed=6',
      'federation.rounds=7',
      'federation.rounds=8',
      'schedules.learningRate={kind: linear, start: 0.25, end: 0.125}',
      'model.hidden=[16, 8]',
      'model.hidden.1=9',
      'stop.testAccuracy=9e-1',
      'schedules.batchSize=full',
    ]);
    expect(scenario).toMatchObject({
      seed: 6,
      federation: { rounds: 8 },
      schedules: { learningRate: { kind: 'linear', start: 0.25, end: 0.125 }, batchSize: 'full' },
      model: { hidden: [16, 9] },
      stop: { testAccuracy: 0.9 },
    });
  });

  test.each([
    ['seed=-3', '--set seed: too small', '-3', 'at least 0'],
    ['federation.rounds=many', '--set federation.rounds: wrong type', '"many"', 'a number'],
    ['federation.cohort.size=21', '--set federation.cohort.size: ', '21 out of 20', 'at most 20'],
    ['schedules.learningRate={kind: linear, start: -1, end: 0}', '--set schedules.learningRate.start: ', '-1', '0'],
    ['federation.rouds=9', '--set federation.rouds: unknown key', 'rouds', 'rounds'],
    ['pool.kind=', '--set pool.kind: ', 'null', 'inline'],
  ])('%s is located where it was given', (override, where, found, expected) => {
    const attempt = () => load(base, [override]);
    expect(attempt).toThrow(where);
    expect(attempt).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ found: expect.stringContaining(found) }) }),
    );
    expect(attempt).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ expected: expect.stringContaining(expected) }) }),
    );
  });

  test.each([
    'seed',
    '=3',
    '',
    'a..b=3',
    '.a=3',
    'a.=3',
    'model.hidden=[1',
    'name=a: b: c',
    'seed=*a',
    'seed=!x 3',
    'a={b: *c}',
    'model.hidden.wide=9',
    `a${'.a'.repeat(40)}=3`,
  ])('%j is not an override', (override) => {
    expect(() => load(base, [override])).toThrow(
      expect.objectContaining({
        code: 'OVERRIDE_INVALID',
        details: expect.objectContaining({ where: '--set', found: override }),
      }),
    );
  });
});

describe('variants', () => {
  const text = `${base}variants:
  slow: { schedules.learningRate: 0.05, model.hidden: [] }
  wide: { federation.cohort: { fraction: 0.5 } }
`;

  test('are further runs in their order, each named after its base', () => {
    const runs = load(text).map(({ scenario }) => scenario);
    expect(runs.map(({ name }) => name)).toEqual(['base', 'base-slow', 'base-wide']);
    expect(runs.map(({ schedules }) => schedules.learningRate)).toEqual([0.3, 0.05, 0.3]);
    expect(runs.map(({ model }) => model.hidden)).toEqual([[32], [], [32]]);
    expect(runs.map(({ federation }) => federation.cohort.size)).toEqual([5, 5, 10]);
    for (const run of runs) expect(run).not.toHaveProperty('variants');
  });

  test('give way to --set', () => {
    const runs = load(text, ['schedules.learningRate=0.2', 'seed=4']);
    expect(runs.map(({ scenario }) => scenario.schedules.learningRate)).toEqual([0.2, 0.2, 0.2]);
    expect(runs.map(({ scenario }) => scenario.seed)).toEqual([4, 4, 4]);
  });

  test('that are wrong are named', () => {
    const wrong = `${base}variants:\n  worse: { federation.cohort.size: 500 }\n`;
    expect(() => load(wrong)).toThrow(/a\.yaml.*variants\.worse.*federation\.cohort\.size/);
    expect(() => load(wrong)).toThrow(/500 out of 20/);
  });
});
