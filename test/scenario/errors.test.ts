import { FedtempoError } from 'fedtempo/shared/errors.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { expect, test } from 'vitest';
import { base, changed } from './base.js';

function refusal(text: string): FedtempoError {
  try {
    loadScenarios(text, 'dir/a.yaml');
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('the scenario was accepted');
}

interface Said {
  readonly where: string;
  readonly summary: string;
  readonly found: string;
  readonly expected: string;
  readonly fix?: string;
}

test.each<[string, string, string, Said]>([
  [
    'a misspelt key that is required',
    'rounds: 60',
    'rouds: 60',
    {
      where: 'dir/a.yaml:8: federation.rouds',
      summary: 'unknown key',
      found: 'rouds',
      expected: 'rounds, cohort',
      fix: 'did you mean rounds?',
    },
  ],
  [
    'a misspelt key that may be left out',
    'name: base',
    'name: base\nsed: 4',
    {
      where: 'dir/a.yaml:3: sed',
      summary: 'unknown key',
      found: 'sed',
      expected: 'seed',
      fix: 'did you mean seed?',
    },
  ],
  [
    'a key of another kind of schedule',
    '0.3',
    '{ kind: linear, start: 0.3, end: 0, powers: 2 }',
    {
      where: 'dir/a.yaml:11: schedules.learningRate.powers',
      summary: 'unknown key',
      found: 'powers',
      expected: 'kind, start, end, length',
    },
  ],
  [
    'a key that is like none',
    'rounds: 60',
    'rounds: 60\n  zzzzzzzzzz: 4',
    { where: 'dir/a.yaml:9: federation.zzzzzzzzzz', summary: 'unknown key', found: 'zzzzzzzzzz', expected: 'rounds' },
  ],
  [
    'an unknown kind of partition',
    'kind: iid',
    'kind: shard',
    {
      where: 'dir/a.yaml:5: data.partition.kind',
      summary: 'unknown kind',
      found: '"shard"',
      expected: 'iid, shards',
      fix: 'did you mean shards?',
    },
  ],
  [
    'an unknown kind of schedule',
    '0.3',
    '{ kind: lineal, start: 0.3, end: 0 }',
    {
      where: 'dir/a.yaml:11: schedules.learningRate.kind',
      summary: 'unknown kind',
      found: '"lineal"',
      expected: 'constant, linear, polynomial, ',
      fix: 'did you mean linear?',
    },
  ],
  [
    'an unknown dataset',
    'digits',
    'digit',
    {
      where: 'dir/a.yaml:4: data.dataset',
      summary: 'unknown value',
      found: '"digit"',
      expected: 'digits',
      fix: 'did you mean digits?',
    },
  ],
  [
    'text for a number',
    'rounds: 60',
    'rounds: sixty',
    { where: 'dir/a.yaml:8: federation.rounds', summary: 'wrong type', found: '"sixty"', expected: 'a number' },
  ],
  [
    'a number for a group of keys',
    '{ size: 5 }',
    '5',
    { where: 'dir/a.yaml:9: federation.cohort', summary: 'wrong type', found: '5', expected: 'keys and values' },
  ],
  [
    'text in a list of numbers',
    '[32]',
    '[16, wide]',
    { where: 'dir/a.yaml:6: model.hidden.1', summary: 'wrong type', found: '"wide"', expected: 'a number' },
  ],
  [
    'a key without its value',
    'federation:\n  rounds: 60\n  cohort: { size: 5 }',
    'federation:',
    { where: 'dir/a.yaml:7: federation', summary: 'wrong type', found: 'null', expected: 'keys and values' },
  ],
  [
    'a group of keys left out',
    'schedules:\n  learningRate: 0.3\n  batchSize: 10\n',
    '',
    { where: 'dir/a.yaml: schedules', summary: 'missing', found: 'nothing', expected: 'keys and values' },
  ],
  [
    'a batch of 0',
    'batchSize: 10',
    'batchSize: 0',
    { where: 'dir/a.yaml:12: schedules.batchSize', summary: 'too small', found: '0', expected: 'at least 1' },
  ],
  [
    'a negative batch',
    'batchSize: 10',
    'batchSize: -10',
    { where: 'dir/a.yaml:12: schedules.batchSize', summary: 'too small', found: '-10', expected: 'at least 1' },
  ],
  [
    'a batch that is neither a number nor full',
    'batchSize: 10',
    'batchSize: all',
    {
      where: 'dir/a.yaml:12: schedules.batchSize',
      summary: 'wrong type',
      found: '"all"',
      expected: 'full',
      fix: 'did you mean full?',
    },
  ],
  [
    'a negative learning rate',
    '0.3',
    '-0.3',
    { where: 'dir/a.yaml:11: schedules.learningRate', summary: 'too small', found: '-0.3', expected: 'at least 0' },
  ],
  [
    'a schedule that starts below 0',
    '0.3',
    '{ kind: polynomial, start: -0.3 }',
    {
      where: 'dir/a.yaml:11: schedules.learningRate.start',
      summary: 'too small',
      found: '-0.3',
      expected: 'at least 0',
    },
  ],
  [
    'a learning rate that is no number',
    '0.3',
    '.nan',
    { where: 'dir/a.yaml:11: schedules.learningRate', summary: 'wrong type', found: 'NaN', expected: 'a number' },
  ],
  [
    'a seed beyond 2^53',
    'name: base',
    'name: base\nseed: 9007199254740993',
    { where: 'dir/a.yaml:3: seed', summary: 'too large', found: '9007199254740992', expected: '9007199254740991' },
  ],
  [
    'a name with a space',
    'name: base',
    'name: My base',
    { where: 'dir/a.yaml:2: name', summary: 'not as expected', found: '"My base"', expected: 'lower-case letters' },
  ],
  [
    'another version of the format',
    'schemaVersion: 1',
    'schemaVersion: 2',
    { where: 'dir/a.yaml:1: schemaVersion', summary: 'unknown value', found: '2', expected: '1' },
  ],
  [
    'a YAML merge key, which is no key of ours',
    'rounds: 60',
    'rounds: 60\n  <<: { localEpochs: 4 }',
    { where: 'dir/a.yaml:9: federation.<<', summary: 'unknown key', found: '<<', expected: 'rounds' },
  ],
  [
    'the key __proto__',
    'rounds: 60',
    'rounds: 60\n  __proto__: { rounds: 70 }',
    { where: 'dir/a.yaml:9: federation.__proto__', summary: 'unknown key', found: '__proto__', expected: 'rounds' },
  ],
])('%s is one clear error', (_, from, to, said) => {
  const error = refusal(changed(from, to));
  expect(error.code).toBe('SCENARIO_INVALID');
  expect(error.message.startsWith(`${said.where}: ${said.summary}\n`)).toBe(true);
  expect(error.details.found).toContain(said.found);
  expect(error.details.expected).toContain(said.expected);
  expect(error.details.fix).toBe(said.fix);
});

test.each<[string, string, string, { where: string; found: string; expected: string }]>([
  [
    'both localEpochs and localSteps',
    'rounds: 60',
    'rounds: 60\n  localEpochs: 2\n  localSteps: 9',
    {
      where: 'dir/a.yaml:10: federation.localSteps',
      found: 'localEpochs: 2 and localSteps: 9',
      expected: 'one of the two',
    },
  ],
  [
    'a cohort larger than the population',
    'size: 5',
    'size: 21',
    {
      where: 'dir/a.yaml:9: federation.cohort.size',
      found: 'a cohort of 21 out of 20 clients',
      expected: 'at most 20',
    },
  ],
  [
    'both a size and a fraction',
    'size: 5',
    'size: 5, fraction: 0.25',
    { where: 'dir/a.yaml:9: federation.cohort', found: 'both', expected: 'fraction' },
  ],
  [
    'neither a size nor a fraction',
    '{ size: 5 }',
    '{}',
    { where: 'dir/a.yaml:9: federation.cohort', found: 'neither', expected: 'size' },
  ],
  [
    'a minimum of replies above the cohort',
    'rounds: 60',
    'rounds: 60\n  minimumReplies: 6',
    {
      where: 'dir/a.yaml:9: federation.minimumReplies',
      found: 'minimumReplies: 6 of a cohort of 5',
      expected: 'at most 5',
    },
  ],
  [
    'more edges than clients',
    'rounds: 60',
    'rounds: 60\n  hierarchy: { edges: 21, period: 2 }',
    { where: 'dir/a.yaml:9: federation.hierarchy.edges', found: '21 edges for 20 clients', expected: 'at most 20' },
  ],
  [
    'edges in an asynchronous federation',
    'rounds: 60',
    'rounds: 60\n  hierarchy: { edges: 2, period: 2 }\n  algorithm: { kind: fedbuff, bufferSize: 4 }',
    { where: 'dir/a.yaml:9: federation.hierarchy', found: 'a hierarchy with algorithm fedbuff', expected: 'fedavg' },
  ],
  [
    'a server step that compares updates of unlike edges',
    '  cohort: { size: 5 }\nschedules:',
    '  cohort: { size: 5 }\n  hierarchy: { edges: 2, period: 2 }\nschedules:\n  serverLearningRate: { kind: fedExp }',
    {
      where: 'dir/a.yaml:12: schedules.serverLearningRate',
      found: 'fedExp with edges that are averaged every 2 rounds',
      expected: 'period: 1',
    },
  ],
  [
    'a fault of a client that does not exist',
    'schedules:',
    'faults:\n  - { kind: drop, clients: [3, 20] }\nschedules:',
    { where: 'dir/a.yaml:11: faults.0.clients', found: 'client 20 of 20', expected: '0 to 19' },
  ],
  [
    'a range of rounds that ends before it begins',
    'schedules:',
    'faults:\n  - { kind: drop }\n  - { kind: drop, rounds: { from: 4, to: 3 } }\nschedules:',
    { where: 'dir/a.yaml:12: faults.1.rounds', found: 'from 4 to 3', expected: 'to at or after from' },
  ],
  [
    'a factor of zeros',
    'schedules:',
    'faults:\n  - { kind: byzantine, attack: zero, factor: 2 }\nschedules:',
    { where: 'dir/a.yaml:11: faults.0.factor', found: 'factor: 2 with attack: zero', expected: 'no factor' },
  ],
  [
    'a delay without devices',
    'schedules:',
    'faults:\n  - { kind: delay, seconds: 30 }\nschedules:',
    { where: 'dir/a.yaml:11: faults.0', found: 'a delay of 30 s without devices', expected: 'devices with' },
  ],
  [
    'a fault of devices without devices',
    'schedules:',
    'faults:\n  - { kind: drop, clients: { device: phone } }\nschedules:',
    { where: 'dir/a.yaml:11: faults.0.clients.device', found: 'phone without devices', expected: 'devices.classes' },
  ],
  [
    'a fault of a class of devices that does not exist',
    'schedules:',
    'faults:\n  - { kind: drop, clients: { device: phones } }\ndevices:\n  classes:\n    - { name: phone, share: 1, examplesPerSecond: 100, downloadMbps: 1, uploadMbps: 1, latencyMs: 1 }\nschedules:',
    { where: 'dir/a.yaml:11: faults.0.clients.device', found: 'phones', expected: 'phone' },
  ],
])('%s is a contradiction', (_, from, to, { where, found, expected }) => {
  const error = refusal(changed(from, to));
  expect(error.code).toBe('SCENARIO_CONTRADICTION');
  expect(error.details).toMatchObject({ where, found });
  expect(error.details.expected).toContain(expected);
});

test.each<[string, string, string, string]>([
  ['an alias', changed('rounds: 60', 'rounds: &r 60\n  minimumReplies: *r'), ':9', 'the alias *r'],
  ['an alias of itself', changed('[32]', '&a [*a]'), ':6', 'the alias *a'],
  ['a key written twice', changed('rounds: 60', 'rounds: 60\n  rounds: 70'), ':9', 'unique'],
  ['a custom tag', changed('rounds: 60', 'rounds: !secret 60'), ':8', '!secret'],
  ['a tab for indentation', changed('  rounds: 60', '\trounds: 60'), ':8', 'Tabs'],
  ['a list that does not end', changed('[32]', '[32'), ':', ''],
  ['two values in one line', changed('rounds: 60', 'rounds: 60: 70'), ':8', ''],
  ['two documents', `${base}---\n${base}`, ':13', 'multiple documents'],
  ['a key that is a list', changed('rounds: 60', '? [rounds]\n  : 60'), ':8', 'keys must be strings'],
  ['an empty text', '', '', 'no keys at the top'],
  ['only a comment', '# later\n', '', 'no keys at the top'],
  ['a list at the top', '- schemaVersion: 1\n', '', 'no keys at the top'],
  ['a word at the top', 'scenario', '', 'no keys at the top'],
  ['bytes that are no text', '\u0000\u0001\ufffd', '', ''],
])('%s is not readable', (_, text, line, found) => {
  const error = refusal(text);
  expect(error.code).toBe('SCENARIO_SYNTAX');
  expect(error.details.where?.startsWith(`dir/a.yaml${line}`)).toBe(true);
  expect(error.details.found).toContain(found);
  expect(error.details.expected).toBeTruthy();
  expect(error.details.fix).toBeTruthy();
});

test('several findings are told at once, each with its line', () => {
  const text = changed('rounds: 60', 'rounds: sixty\n  localEpochs: -2').replace('digits', 'digitz');
  const lines = refusal(text).message.split('\n');
  expect(lines[0]).toBe('dir/a.yaml:4: data.dataset: unknown value');
  expect(lines).toContain('  also:     dir/a.yaml:8: federation.rounds: wrong type: "sixty"; expected a number');
  expect(lines).toContain('  also:     dir/a.yaml:9: federation.localEpochs: too small: -2; expected at least 1');
});

test('of very many findings some are told', () => {
  const text = changed('[32]', `[${new Array(50).fill('wide').join(', ')}]`);
  expect(refusal(text).message.split('\n').length).toBeLessThan(20);
});

test('a text above the limit is refused before it is read', () => {
  const text = `${base}description: ${'long '.repeat(60_000)}`;
  const error = refusal(text);
  expect(error.code).toBe('SCENARIO_TOO_LARGE');
  expect(error.details).toMatchObject({
    where: 'dir/a.yaml',
    found: `${text.length} characters`,
    expected: 'at most 262144',
  });
});
