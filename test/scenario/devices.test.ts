import { FedtempoError } from 'fedtempo/shared/errors.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { virtualTime } from 'fedtempo/shared/scenario/virtual-time.js';
import { expect, test } from 'vitest';
import { base, changed } from './base.js';

const phones = 'devices: { classes: [{ name: phone, examplesPerSecond: 100, downloadMbps: 8, uploadMbps: 4 }] }\n';
const load = (text: string, read?: (file: string) => string) => loadScenarios(text, 'a.yaml', [], read)[0].scenario;
const withFederation = (line: string) => changed('rounds: 60', `rounds: 60\n  ${line}`);

function refusal(work: () => unknown): FedtempoError {
  try {
    work();
  } catch (error) {
    if (error instanceof FedtempoError) return error;
    throw error;
  }
  throw new Error('the scenario was accepted');
}

const fedBuff = withFederation('algorithm: { kind: fedbuff, bufferSize: 4 }');

test.each([
  ['a deadline without devices', withFederation('deadlineSeconds: 9'), 'federation.deadlineSeconds', 'without devices'],
  [
    'over-selection without devices',
    withFederation('overSelection: 1.5'),
    'federation.overSelection',
    'without devices',
  ],
  ['FedBuff without devices', fedBuff, 'federation.algorithm', 'fedbuff without devices'],
  [
    'FedAsync without devices',
    withFederation('algorithm: { kind: fedasync }'),
    'federation.algorithm',
    'without devices',
  ],
  [
    'FedBuff with a deadline',
    phones + fedBuff.replace('cohort:', 'deadlineSeconds: 9\n  cohort:'),
    'federation.deadlineSeconds',
    'deadlineSeconds: 9 with algorithm fedbuff',
  ],
  [
    'FedAsync with over-selection',
    phones + withFederation('algorithm: { kind: fedasync }\n  overSelection: 1.5'),
    'federation.overSelection',
    'overSelection: 1.5 with algorithm fedasync',
  ],
  [
    'a buffer that is larger than the population',
    phones + fedBuff.replace('bufferSize: 4', 'bufferSize: 21'),
    'federation.algorithm.bufferSize',
    '21 updates from 20 clients',
  ],
  [
    'a minimum of replies above the buffer',
    phones + fedBuff.replace('cohort:', 'minimumReplies: 5\n  cohort:'),
    'federation.minimumReplies',
    '5 of a buffer of 4',
  ],
  [
    'over-selection beyond the population',
    phones + withFederation('overSelection: 4.1'),
    'federation.overSelection',
    '4.1 times a cohort of 5 out of 20 clients',
  ],
  ['devices without any', `devices: {}\n${base}`, 'devices', 'neither'],
  ['classes and a trace', phones.replace('classes', 'trace: a.csv, classes') + base, 'devices', 'both'],
])('%s is a contradiction', (_, text, where, found) => {
  const error = refusal(() => load(text));
  expect(error.code).toBe('SCENARIO_CONTRADICTION');
  expect(error.details.where).toMatch(new RegExp(`a\\.yaml:\\d+: ${where}$`));
  expect(error.details.found).toContain(found);
  expect(error.details.expected).toBeTruthy();
});

test('a key of a class that is misspelt is found, with its line', () => {
  const error = refusal(() => load(phones.replace('uploadMbps', 'uploadMps') + base));
  expect(error.message).toContain('a.yaml:1: devices.classes.0.uploadMps: unknown key');
  expect(error.details.fix).toBe('did you mean uploadMbps?');
  const twice = phones.replace('[{', '[{ name: phone, examplesPerSecond: 1, downloadMbps: 8, uploadMbps: 4 }, {');
  expect(refusal(() => load(twice + base)).message).toContain('classes with different names');
});

test('a trace beside the scenario becomes part of it, so that what a run stores is complete', () => {
  const csv = 'examplesPerSecond,downloadMbps,uploadMbps\n100,8,4\n50,8,4\n';
  const text = `devices: { trace: phones.csv }\n${base}`;
  const files: string[] = [];
  const scenario = load(text, (file) => {
    files.push(file);
    return csv;
  });
  expect(files).toEqual(['phones.csv']);
  expect(scenario.devices).toEqual({ trace: { csv } });
  expect(load(JSON.stringify(scenario)).devices).toEqual(scenario.devices);
  const missing = refusal(() => load(text));
  expect([missing.code, missing.details.where]).toEqual(['DEVICES_INVALID', 'a.yaml:1: devices.trace']);
  const wrong = refusal(() => load(text, () => csv.replace('50', 'slow')));
  expect([wrong.code, wrong.details.found]).toEqual(['DEVICES_INVALID', '"slow" in line 3']);
});

const options = { parameters: 249_872, shardSize: (client: number) => 100 + client };

test('a round of virtual time follows from devices, planned work and shards', () => {
  const scenario = load(phones + withFederation('overSelection: 1.4'));
  const virtual = virtualTime({ scenario, ...options });
  const values = { batchSize: 10, localEpochs: 2 };
  const round = virtual?.round({ round: 3, clock: 50, cohortSize: 5, values });
  expect(round?.selected).toHaveLength(7);
  const [first, second, third, fourth, last] = [...(round?.selected ?? [])];
  // A second down, 2(100 + client)/100 of training, two seconds up: the lowest clients are the fastest.
  const end = 50 + 3 + (2 * (100 + last)) / 100;
  expect(round?.end).toBeCloseTo(end, 9);
  expect(round?.events.slice(0, 5).map(({ client }) => client)).toEqual([first, second, third, fourth, last]);
  expect(round?.events.map(({ outcome }) => outcome)).toEqual([...new Array(5).fill('counted'), 'surplus', 'surplus']);
  expect(virtualTime({ scenario: load(base), ...options })).toBeUndefined();
});

test('local steps are planned in examples too, and faults delay or silence a client', () => {
  const request = { round: 0, clock: 0, cohortSize: 1, values: { batchSize: 10, localSteps: 4 } };
  const round = (faults: string) => virtualTime({ scenario: load(faults + phones + base), ...options })?.round(request);
  expect(round('')?.end).toBeCloseTo(3.4, 9);
  expect(round('faults: [{ kind: delay, seconds: 20 }]\n')?.end).toBeCloseTo(23.4, 9);
  const late = round('faults: [{ kind: late }]\n');
  expect(late?.end).toBeCloseTo(3.4, 9);
  expect(late?.events.map(({ outcome }) => outcome)).toEqual(['dropped']);
  expect([...(late?.silenced ?? [])]).toEqual([[late?.selected[0], 'late']]);
  const gone = round('faults: [{ kind: drop }]\n');
  expect(gone?.end).toBeLessThan(3.4);
  expect(round('faults: [{ kind: drop, rounds: [1] }]\n')).toEqual(round(''));
});

test('a million clients cost what a thousand do: the devices asked about are those of the cohort', () => {
  const text = (phones + base)
    .replace('clients: 20', 'clients: 1000000')
    .replace('downloadMbps: 8', 'downloadMbps: 8, availability: 0.5');
  let asked = 0;
  const shardSize = () => {
    asked += 1;
    return 10;
  };
  const virtual = virtualTime({ scenario: load(text), parameters: 10, shardSize });
  const round = virtual?.round({ round: 0, clock: 0, cohortSize: 100, values: { batchSize: 10, localEpochs: 1 } });
  expect(round?.selected).toHaveLength(100);
  expect(asked).toBe(100);
});

test('a scenario in which nobody is ever available says so', () => {
  const text = (phones + base).replace('downloadMbps: 8', 'downloadMbps: 8, availability: 1.0e-300');
  const virtual = virtualTime({ scenario: load(text), ...options });
  const attempt = () => virtual?.round({ round: 0, clock: 0, cohortSize: 5, values: { batchSize: 10 } });
  expect(attempt).toThrow(expect.objectContaining({ code: 'DEVICES_INVALID' }));
});

test('the timeline of FedBuff keeps as many in training as the cohort has, and takes scheduled ones', () => {
  const scenario = load(phones + fedBuff);
  const timeline = virtualTime({ scenario, ...options })?.timeline((version) => ({
    batchSize: 10,
    localEpochs: 1,
    ...(version > 0 ? { cohortSize: 2 } : {}),
  }));
  if (timeline === undefined) throw new Error('no timeline');
  const { state, flush } = timeline.advance(timeline.init());
  expect(flush.contributions).toHaveLength(4);
  expect(flush.time).toBeGreaterThan(3);
  // Five in training until the fourth reply; of the version after it, two.
  expect(state.inFlight).toHaveLength(4);
  const second = timeline.advance(state);
  expect(second.state.inFlight.length).toBeLessThanOrEqual(2);
});
