import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runIn, workspace } from '../support/cli.js';
import { runCommand } from '../support/processes.js';

const summaryOf = (stdout: string) =>
  JSON.parse(stdout) as { seed: number; digest: string; pool: string; workers: number };

test('a seed comes from the flag, else the environment, else the file', async () => {
  const place = workspace();
  const file = place.scenario();
  const fromFile = await runIn(place, file);
  const fromEnvironment = await runIn(place, file, [], { FEDTEMPO_SEED: '7' });
  const fromFlag = await runIn(place, file, ['--seed', '9'], { FEDTEMPO_SEED: '7' });
  const seeds = [fromFile, fromEnvironment, fromFlag].map(({ stdout }) => summaryOf(stdout));
  expect(seeds.map(({ seed }) => seed)).toEqual([5, 7, 9]);
  expect(new Set(seeds.map(({ digest }) => digest)).size).toBe(3);
});

test('the seed of a flag gives the bits of the same seed in the file', async () => {
  const place = workspace();
  const flag = await runIn(place, place.scenario(), ['--seed', '8']);
  const file = await runIn(place, place.scenario('seed: 5', 'seed: 8'));
  expect(summaryOf(flag.stdout).digest).toBe(summaryOf(file.stdout).digest);
});

test('pool and workers come from the environment unless a flag says otherwise', async () => {
  const place = workspace();
  const environment = { FEDTEMPO_POOL: 'process', FEDTEMPO_WORKERS: '1' };
  const processes = await runIn(place, place.scenario(), [], environment);
  expect(summaryOf(processes.stdout)).toMatchObject({ pool: 'process', workers: 1 });
  const inline = await runIn(place, place.scenario(), ['--pool', 'inline'], environment);
  expect(summaryOf(inline.stdout)).toMatchObject({ pool: 'inline' });
  expect(summaryOf(inline.stdout).digest).toBe(summaryOf(processes.stdout).digest);
});

test('the output folder comes from the environment unless a flag says otherwise', async () => {
  const place = workspace();
  const elsewhere = join(place.folder, 'elsewhere');
  const environment = { FEDTEMPO_OUT: elsewhere };
  expect(await runCommand(['run', place.scenario(), '--quiet'], environment)).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(elsewhere)).toHaveLength(1);
  expect(existsSync(place.out)).toBe(false);
  expect(await runIn(place, place.scenario(), ['--quiet'], environment)).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(elsewhere)).toHaveLength(1);
  expect(readdirSync(place.out)).toHaveLength(1);
});

test('a wrong value in the environment is refused by the name of its variable', async () => {
  const place = workspace();
  const ended = await runIn(place, place.scenario(), [], { FEDTEMPO_SEED: 'five' });
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
  expect(ended.stderr).toContain('FEDTEMPO_SEED');
  expect(ended.stderr).toContain('five');
});
