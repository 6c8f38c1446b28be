/** Scenarios of which the clients hold the data. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadData } from 'fedtempo/client/load-data.js';
import { scenarioDigest } from 'fedtempo/server/store/scenario-digest.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { refuseOwnData } from 'fedtempo/shared/scenario/check-own-data.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';
import { changed } from './base.js';

const DATA = `data:
  dataset: digits
  partition: { kind: iid, clients: 20 }`;
const own = (more = '', partition = 'own') => `data:
  dataset: own
  features: 3
  classes: 4
  examples: 1000
${more}  partition: { kind: ${partition}, clients: 20 }`;
const load = (text: string) => loadScenarios(text, 'own.yaml')[0].scenario;
const ownScenario = (more = '') => load(changed(DATA, own(more)));

function refusal(work: () => unknown): FedtempoError {
  try {
    work();
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

async function refused(attempt: Promise<unknown>): Promise<FedtempoError> {
  const error = await attempt.then(
    () => new Error('it was opened'),
    (reason: unknown) => reason,
  );
  if (error instanceof FedtempoError) return error;
  throw error;
}

test('a coordinator gets model and number of examples from the scenario, and no example', async () => {
  const { source, partition, model } = await loadData(ownScenario(), '.');
  expect(source).toMatchObject({ name: 'own', featureCount: 3, classCount: 4 });
  expect([source.train.examples, source.test.examples]).toEqual([0, 0]);
  expect(model.widths).toEqual([3, 32, 4]);
  expect(partition).toMatchObject({ clients: 20, examples: 1000 });
  partition.declare?.(3, 70);
  expect([partition.sizeOf(3), partition.sizeOf(4)]).toEqual([70, 0]);
});

test('schedules that count examples follow the number that the scenario says', async () => {
  const rate = 'learningRate: { kind: linear, start: 1, end: 0, unit: examples }';
  const scenario = load(changed(DATA, own()).replace('learningRate: 0.3', rate));
  const { partition } = await loadData(scenario, '.');
  const planner = roundPlanner(scenario, partition);
  // 60 rounds of 5 clients of 50 examples: one round is a sixtieth of the run.
  expect(planner.values(0).learningRate).toBe(1);
  expect(planner.values(30).learningRate).toBeCloseTo(0.5, 12);
});

describe('a test file', () => {
  const rows = 'a,kind,b,c\n0,1,51,255\n1,3,0,0\n';
  const csv = '  test: ./t.csv\n  label: kind\n  scale: 51\n';

  test('beside the scenario gives the test examples, scaled', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 't.csv'), rows);
    const { source } = await loadData(ownScenario(csv), folder);
    expect([source.train.examples, source.test.examples]).toEqual([0, 2]);
    const { features, labels } = source.test.select();
    expect([...features]).toEqual([0, 1, 5, Math.fround(1 / 51), 0, 0]);
    expect([...labels]).toEqual([1, 3]);
    const without = await loadData(ownScenario(), folder);
    expect(source.digest).not.toBe(without.source.digest);
  });

  test('may have fewer classes than the scenario, but no other shape', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 't.csv'), 'a,b,c,kind\n1,2,3,0\n');
    expect((await loadData(ownScenario(csv), folder)).source.classCount).toBe(4);
    for (const [text, found] of [
      ['a,b,kind\n1,2,0\n', '2 features'],
      ['a,b,c,kind\n1,2,3,4\n', 'label 4'],
    ]) {
      await writeFile(join(folder, 't.csv'), text);
      const error = await refused(loadData(ownScenario(csv), folder));
      expect(error).toMatchObject({ code: 'DATASET_INVALID', details: { where: join(folder, 't.csv'), found } });
    }
  });

  test('that is not there is missing', async () => {
    const error = await refused(loadData(ownScenario(csv), temporaryFolder()));
    expect(error.code).toBe('DATASET_MISSING');
    expect(error.message).toContain('t.csv');
  });

  test('may lie elsewhere when a run goes on: its content matters, not its path', () => {
    const elsewhere = ownScenario(csv.replace('./t.csv', '/data/t.csv'));
    expect(scenarioDigest(elsewhere)).toBe(scenarioDigest(ownScenario(csv)));
    expect(scenarioDigest(elsewhere)).not.toBe(scenarioDigest(ownScenario(csv.replace('kind', 'sort'))));
  });
});

test.each<[string, string, string, string]>([
  ['another partition', changed(DATA, own('', 'iid')), 'data.partition.kind', 'nothing can be divided'],
  ['partition own with another dataset', changed('kind: iid', 'kind: own'), 'data.dataset', 'divides nothing'],
  [
    'a target without a test file',
    `${changed(DATA, own())}stop: { testAccuracy: 0.9 }\n`,
    'stop.testAccuracy',
    'nothing is measured',
  ],
  ['a loss to reach', `${changed(DATA, own())}stop: { testLoss: 0.1 }\n`, 'stop.testLoss', 'nothing is measured'],
  ['a flat test loss', `${changed(DATA, own())}stop: { whenFlat: {} }\n`, 'stop.whenFlat', 'nothing is measured'],
  [
    'a schedule that follows the test loss',
    changed(DATA, own()).replace('0.3', '{ kind: reduceOnPlateau, start: 0.3 }'),
    'schedules.learningRate',
    'nothing is measured',
  ],
  [
    'a device model',
    `${changed(DATA, own())}devices: { classes: [{ name: a, examplesPerSecond: 100, downloadMbps: 8, uploadMbps: 4 }] }\n`,
    'devices',
    'which only the clients know',
  ],
])('%s is a contradiction', (_, text, where, summary) => {
  const error = refusal(() => load(text));
  expect(error.code).toBe('SCENARIO_CONTRADICTION');
  expect(error.details.where).toMatch(new RegExp(`^own\\.yaml:\\d+: ${where.replaceAll('.', '\\.')}$`));
  expect(error.summary).toContain(summary);
  for (const part of ['found', 'expected', 'fix'] as const) expect(error.details[part]).toBeTruthy();
});

test.each([
  ['a flat training loss', 'stop: { whenFlat: { metric: trainLoss } }\n', ''],
  ['a target and a test file', 'stop: { testAccuracy: 0.9 }\n', '  test: t.npz\n'],
])('%s is none', (_, stop, more) => {
  expect(load(changed(DATA, own(more)) + stop).data.dataset).toBe('own');
});

test('training where the data are not is refused, with the way out', () => {
  const error = refusal(() => refuseOwnData(ownScenario()));
  expect(error).toMatchObject({ code: 'SCENARIO_CONTRADICTION', summary: 'the clients hold the data' });
  expect(error.details.fix).toContain('fedtempo serve');
  refuseOwnData(load(changed('rounds: 60', 'rounds: 61')));
});
