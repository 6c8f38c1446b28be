/** The commands on a scenario of which the clients hold the data. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectRefusal, runIn, workspace } from '../support/cli.js';
import { runCommand } from '../support/processes.js';

const DATA = `
  dataset: xor
  partition: { kind: iid, clients: 4 }`;
const own = (more = '') =>
  ` { dataset: own, features: 2, classes: 2, examples: 400${more}, partition: { kind: own, clients: 4 } }`;

test.each(['inline', 'worker', 'process'])('run refuses it with the %s pool and names the command', async (pool) => {
  const place = workspace();
  const message = expectRefusal(
    await runIn(place, place.scenario(DATA, own()), ['--pool', pool]),
    place,
    'SCENARIO_CONTRADICTION',
  );
  expect(message).toMatch(/a\.yaml:4: data\.dataset: the clients hold the data\n/);
  expect(message).toContain('fedtempo serve');
});

test('validate says what it knows: shape, number, and whether rounds are evaluated', async () => {
  const place = workspace();
  const without = await runCommand(['validate', place.scenario(DATA, own())]);
  expect(without).toMatchObject({ code: 0, stderr: '' });
  expect(without.stdout).toContain(
    'valid: own (about 400 training examples at the clients, no test examples: rounds are not evaluated), 4 clients (own), 2-3-2',
  );
  writeFileSync(join(place.folder, 't.csv'), 'a,b,y\n0,1,1\n1,1,0\n0,0,0\n');
  const tested = await runCommand(['validate', place.scenario(DATA, own(', test: t.csv, label: y'))]);
  expect(tested).toMatchObject({ code: 0, stderr: '' });
  expect(tested.stdout).toContain('(about 400 training examples at the clients, 3 test examples)');
});

test('validate names what is wrong in the scenario by line, and in the test file by line and column', async () => {
  const place = workspace();
  const lacking = await runCommand(['validate', place.scenario(DATA, own().replace('features: 2, ', ''))]);
  expectRefusal(lacking, place, 'SCENARIO_CONTRADICTION');
  expect(lacking.stderr).toMatch(/a\.yaml:4: data\.features: dataset own needs features/);
  writeFileSync(join(place.folder, 't.csv'), 'a,b,y\n0,1,1\n1,,0\n');
  const unsound = await runCommand(['validate', place.scenario(DATA, own(', test: t.csv, label: y'))]);
  expectRefusal(unsound, place, 'DATASET_INVALID');
  expect(unsound.stderr).toContain(`${join(place.folder, 't.csv')}:3: b: a feature is no finite number`);
});

test('schedule plans by the number of examples that the scenario says', async () => {
  const place = workspace();
  const file = place.scenario(DATA, own());
  const rate = 'schedules.learningRate={kind: linear, start: 1, end: 0, unit: step}';
  const { code, stdout, stderr } = await runCommand(['schedule', file, '--set', rate, '--csv']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toHaveLength(5);
});
