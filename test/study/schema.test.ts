/** Study files: what is wrong is told with file, line, key, found and expected, before anything runs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStudy } from 'fedtempo/cli/study/open-study.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { studyJsonSchema } from 'fedtempo/shared/study/schema.js';
import { expect, test } from 'vitest';
import { repository, temporaryFolder } from '../support/processes.js';

const good = `schemaVersion: 1
name: a-study
scenario: ${join(repository, 'scenarios/digits-quick.yaml')}
seeds: [1, 2]
arms:
  - name: fixed
    set: { schedules.learningRate: 0.3 }
  - name: falling
    set:
      schedules.learningRate: { kind: linear, start: 0.3, end: 0 }
`;

/** The message of the error that opening gives; the file is called study.yaml. */
async function messageOf(text: string): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'study.yaml'), text);
  const error: unknown = await openStudy(join(folder, 'study.yaml')).catch((thrown: unknown) => thrown);
  if (!(error instanceof FedtempoError)) throw new Error(`no error of ours: ${String(error)}`);
  return `${error.code} ${error.message.replaceAll(`${folder}/`, '')}`;
}

test('a study opens with every arm resolved for every seed, seed by seed', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'study.yaml'), good.replace('seeds: [1, 2]', 'seeds: { from: 4, count: 2 }'));
  const { plan, study } = await openStudy(join(folder, 'study.yaml'));
  expect(plan.trials.map(({ arm, seed, scenario }) => [arm, seed, scenario.seed])).toEqual([
    ['fixed', 4, 4],
    ['falling', 4, 4],
    ['fixed', 5, 5],
    ['falling', 5, 5],
  ]);
  expect(plan.trials[1].scenario.schedules.learningRate).toEqual({ kind: 'linear', start: 0.3, end: 0 });
  // The scenario's own target is what is timed to, and stops nothing.
  expect(plan.target).toEqual({ testAccuracy: 0.93 });
  expect(plan.trials[0].scenario.stop).toEqual({});
  expect(plan.lastRounds).toBe(20);
  expect(new Set(plan.trials.map(({ key }) => key)).size).toBe(4);
  expect(study.arms.map(({ label }) => label)).toEqual(['fixed', 'falling']);
});

test('a key depends on what changes a result, and on nothing else', async () => {
  const folder = temporaryFolder();
  const keys = async (text: string) => {
    writeFileSync(join(folder, 'study.yaml'), text);
    return (await openStudy(join(folder, 'study.yaml'))).plan.trials.map(({ key }) => key);
  };
  const keyed = await keys(good);
  const renamed = good.replace('name: a-study', 'name: other\nquestion: why?\natOnce: 1').replace('fixed', 'constant');
  expect(await keys(renamed)).toEqual(keyed);
  const changed = await keys(good.replace('0.3 }\n  - name', '0.2 }\n  - name'));
  expect([changed[0] === keyed[0], changed[1] === keyed[1]]).toEqual([false, true]);
});

test.each<[string, string, string, string[]]>([
  [
    'an unknown key',
    'seeds: [',
    'sedes: [',
    ['STUDY_INVALID study.yaml:4: sedes: unknown key', 'did you mean seeds?', 'also:     study.yaml: seeds: missing'],
  ],
  [
    'an unknown key of an arm',
    '    set: {',
    '    sets: {',
    ['study.yaml:7: arms.0.sets: unknown key', 'name, label, set'],
  ],
  ['a seed that is a text', '[1, 2]', '[1, two]', ['study.yaml:4: seeds', 'found:    "two"']],
  [
    'one arm alone',
    good.slice(good.indexOf('  - name: falling')),
    '',
    ['study.yaml:5: arms: too small', 'at least 2 entries'],
  ],
  ['the same arm twice', 'name: falling', 'name: fixed', ['STUDY_CONTRADICTION study.yaml:8', 'the same arm twice']],
  ['the same seed twice', '[1, 2]', '[1, 1]', ['STUDY_CONTRADICTION study.yaml:4', 'the same seed twice']],
  [
    'arms that are the same',
    '{ kind: linear, start: 0.3, end: 0 }',
    '0.3',
    ['two arms are the same', 'study.yaml:8: arms.1'],
  ],
  [
    'an arm that sets the seed',
    'schedules.learningRate: 0.3',
    'seed: 3',
    ['study.yaml:7: arms.0.set.seed', 'may not change'],
  ],
  [
    'an arm with a target',
    'schedules.learningRate: 0.3',
    'stop.testLoss: 3',
    ['arms.0.set.stop.testLoss', "the study's own target"],
  ],
  ['a spread over too many rounds', 'seeds: [', 'lastRounds: 61\nseeds: [', ['study.yaml:4: lastRounds', 'at most 60']],
  ['a base scenario that is missing', 'digits-quick', 'digits-slow', ['SCENARIO_MISSING study.yaml:3: scenario']],
  [
    'a text that is no YAML',
    'seeds: [1, 2]',
    'seeds: [1, 2',
    ['STUDY_INVALID study.yaml:', 'the study is not readable as YAML'],
  ],
])('%s is refused', async (_, before, after, expected) => {
  expect(good).toContain(before);
  const message = await messageOf(good.replace(before, after));
  for (const part of expected) expect(message).toContain(part);
});

test('mistakes of all arms are told at once, each at its line of the study', async () => {
  const wrong = good.replace('learningRate: 0.3 }', 'learningrate: 0.3 }').replace('end: 0', 'end: -1');
  const message = await messageOf(wrong);
  expect(message).toContain('SCENARIO_INVALID study.yaml:7: arms.0.set.schedules.learningrate: unknown key');
  expect(message).toContain('did you mean learningRate?');
  expect(message).toMatch(/also: +study\.yaml:10: arms\.1\.set\.schedules\.learningRate\.end: too small: -1/);
});

test('what only the data can show is told before anything runs', async () => {
  const message = await messageOf(good.replace('schedules.learningRate: 0.3', 'data.partition.clients: 2000'));
  expect(message).toMatch(/PARTITION_INVALID .*arm fixed/);
});

test('a study that is missing is told', async () => {
  await expect(openStudy('nowhere.yaml')).rejects.toThrow(/nowhere\.yaml: the study cannot be read/);
});

test('the JSON Schema for editors is current', () => {
  const file = join(repository, 'scenarios/study.schema.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(studyJsonSchema())));
});

const folder = join(repository, 'scenarios/studies');
test.each(readdirSync(folder))('%s opens', async (file) => {
  expect((await openStudy(join(folder, file))).plan.trials.length).toBeGreaterThan(1);
});
