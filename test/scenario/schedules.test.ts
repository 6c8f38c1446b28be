import { FedtempoError } from 'fedtempo/shared/errors.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { planScenario } from 'fedtempo/shared/scenario/plan.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

const text = `schemaVersion: 1
name: scheduled
data:
  dataset: digits
  partition: { kind: iid, clients: 20 }
model: { kind: mlp }
federation:
  rounds: 40
  cohort: { size: 5 }
schedules:
  learningRate: 0.1
  batchSize: 10
`;
const open = (...overrides: string[]) => loadScenarios(text, 'a.yaml', overrides)[0].scenario;
const refusal = (...overrides: string[]): FedtempoError => {
  try {
    open(...overrides);
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('not refused');
};

describe('a schedule takes the place of the number of its name', () => {
  test('epochs', () => {
    const scenario = open('federation.localEpochs=2', 'schedules.localEpochs={kind: linear, start: 1, end: 5}');
    expect(planScenario(scenario).values(20)).toEqual({
      learningRate: 0.1,
      batchSize: 10,
      localEpochs: 3,
      cohortSize: 5,
    });
  });

  test('steps, in place of the epochs that would be the default', () => {
    const scenario = open('schedules.localSteps={kind: step, start: 4, factor: 2, every: 10}');
    expect(planScenario(scenario).values(39)).toEqual({
      learningRate: 0.1,
      batchSize: 10,
      localSteps: 32,
      cohortSize: 5,
    });
  });

  test('the cohort, which is at most the population', () => {
    const scenario = open('schedules.cohortSize={kind: linear, start: 10, end: 50}');
    expect([0, 5, 20].map((round) => planScenario(scenario).values(round).cohortSize)).toEqual([10, 15, 20]);
  });
});

test('a resolved scenario opens to itself', () => {
  for (const overrides of [
    ['schedules.localSteps={kind: qsr, base: 4, growth: 0.1}'],
    ['schedules.localEpochs=3', 'schedules.learningRate={kind: warmup, over: 5, schedule: {kind: cosine, start: 0.1}}'],
    [
      'schedules.learningRate={kind: seesaw, decay: {kind: cosine, start: 0.1}, startBatchSize: 4, maxBatchSize: 75}',
      'schedules.batchSize={kind: fromLearningRate}',
    ],
  ]) {
    const scenario = open(...overrides);
    expect(parse(stringify(loadScenarios(stringify(scenario), 'b.yaml')[0].scenario))).toEqual(
      parse(stringify(scenario)),
    );
  }
});

test('a table is read from the file that the scenario names, and becomes a part of it', () => {
  const named = text.replace('learningRate: 0.1', 'learningRate: { kind: table, file: rates.csv, column: rate }');
  const csv = ['round,rate', ...Array.from({ length: 40 }, (_, round) => `${round},${(40 - round) / 100}`)].join('\n');
  const [{ scenario }] = loadScenarios(named, 'a.yaml', [], (file) => (file === 'rates.csv' ? csv : ''));
  expect(scenario.schedules.learningRate).toMatchObject({ kind: 'table', every: 1 });
  expect(planScenario(scenario).values(39).learningRate).toBe(0.01);
  expect(JSON.stringify(scenario)).not.toContain('rates.csv');
  expect(() => loadScenarios(named, 'a.yaml', [], () => csv.replace('5,0.35', '5,x'))).toThrow(
    'a.yaml:11: schedules.learningRate.file',
  );
  expect(() => loadScenarios(named, 'a.yaml')).toThrow('not read here');
});

describe('what cannot work is refused when the scenario is read, by line and key', () => {
  test.each([
    ['schedules.learningRate={kind: warmup, over: 40, schedule: 0.1}', 'schedules.learningRate.over', 'at most 39'],
    [
      'schedules.learningRate={kind: multiStep, start: 1, milestones: [9, 4], factor: 0.1}',
      'schedules.learningRate.milestones.1',
      'rising',
    ],
    ['schedules.learningRate={kind: table, values: [1, 2]}', 'schedules.learningRate.values', '40 values'],
    [
      'schedules.learningRate={kind: linear, start: 1, end: 0, length: -1}',
      'schedules.learningRate.length',
      'at least 1',
    ],
    ['schedules.learningRate={kind: polynomial, start: 1, power: .nan}', 'schedules.learningRate.power', 'a number'],
    ['schedules.learningRate={kind: formula, value: 0.1 * rounds}', 'schedules.learningRate.value', 'totalRounds'],
    ['schedules.learningRate={kind: formula, value: 1 / (round - 20)}', 'schedules.learningRate', 'at least 0'],
    [
      'schedules.learningRate={kind: scale, factor: 2, schedule: {kind: liner}}',
      'schedules.learningRate.schedule.kind',
      'linear',
    ],
    [
      'schedules.learningRate={kind: join, boundaries: [5], schedules: [1, {kind: linear, strat: 1, end: 0}]}',
      'schedules.learningRate.schedules.1',
      'start',
    ],
    ['schedules.batchSize={kind: linear, start: 1, end: 9, unit: step}', 'schedules.batchSize.unit', 'round, examples'],
    ['schedules.clientMomentum=1', 'schedules.clientMomentum', 'less than 1'],
    ['schedules.clipNorm=0', 'schedules.clipNorm', 'more than 0'],
    ['schedules.serverMomentum={kind: linear, start: 0, end: 1, length: 5}', 'schedules.serverMomentum', 'less than 1'],
    ['schedules.batchSize={kind: fromLearningRate}', 'schedules.batchSize.kind', 'growBatchInsteadOfDecay'],
  ])('%s', (override, path, expected) => {
    const { details } = refusal(override);
    expect(details.where).toContain(path);
    expect(details.expected).toContain(expected);
  });

  test('epochs and steps together', () => {
    for (const pair of [
      ['schedules.localSteps=4', 'schedules.localEpochs=2'],
      ['schedules.localSteps=4', 'federation.localEpochs=2'],
      ['federation.localSteps=4', 'schedules.localEpochs=2'],
    ]) {
      const { code, message } = refusal(...pair);
      expect(code).toBe('SCENARIO_CONTRADICTION');
      for (const each of pair) expect(message).toContain(each.split('=')[0]);
    }
  });

  test('with the line of the file where it stands there', () => {
    const broken = text.replace(
      'learningRate: 0.1',
      'learningRate:\n    kind: piecewise\n    boundaries: [9, 4]\n    values: [1, 2, 3]',
    );
    expect(() => loadScenarios(broken, 'a.yaml')).toThrow(
      'a.yaml:13: schedules.learningRate.boundaries.1: boundaries must rise',
    );
  });

  test('a --set reaches into lists', () => {
    const joined = text.replace(
      'learningRate: 0.1',
      'learningRate: { kind: join, boundaries: [5], schedules: [1, 2] }',
    );
    const [{ scenario }] = loadScenarios(joined, 'a.yaml', ['schedules.learningRate.schedules.1=0.5']);
    expect(scenario.schedules.learningRate).toMatchObject({ schedules: [1, 0.5] });
  });
});

describe('the plan of a round', () => {
  test('carries what clients follow', () => {
    const scenario = open(
      'schedules.batchSize={kind: linear, start: 10, end: 50}',
      'schedules.localSteps={kind: qsr, base: 4, growth: 1}',
    );
    expect(roundPlanner(scenario, { examples: 1500 }).plan(20, 75)).toMatchObject({
      round: 20,
      learningRate: 0.1,
      batchSize: 30,
      work: { localSteps: 100 },
    });
  });

  test('in examples needs the data', () => {
    const scenario = open('schedules.batchSize={kind: linear, start: 10, end: 50, unit: examples}');
    expect(() => planScenario(scenario).values(1)).toThrow('follow from the data');
    expect(planScenario(scenario, { examples: 1500 }).values(20).batchSize).toBe(30);
  });

  test('moves along the steps of a client with a longer shard, past what was planned for the mean', () => {
    const scenario = open('schedules.learningRate={kind: linear, start: 1, end: 0, unit: step, length: 64}');
    // 75 examples in batches of 10: 8 planned steps a round; a shard of 120 takes 12.
    const { along } = roundPlanner(scenario, { examples: 1500 }).plan(2, 120);
    expect([...(along.learningRate as Float32Array)]).toEqual(
      Array.from({ length: 12 }, (_, step) => 1 - (16 + step) / 64),
    );
  });
});
