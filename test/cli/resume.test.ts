/** How `fedtempo resume` refuses what it cannot go on with: code 2, one message, nothing changed. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seal } from 'fedtempo/server/store/checkpoint.js';
import { expect, test } from 'vitest';
import { expectRefusal, runIn, workspace } from '../support/cli.js';
import { readLines, runCommand } from '../support/processes.js';

/** A run of the XOR points as a process that was killed after its last checkpoint leaves it. */
async function unfinished() {
  const place = workspace();
  const { stdout } = await runIn(place, place.scenario());
  const { directory, digest } = JSON.parse(stdout) as { directory: string; digest: string };
  rmSync(join(directory, 'summary.json'));
  const file = (name: string) => join(directory, name);
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(file(name), change(readFileSync(file(name), 'latin1')), 'latin1');
  return { directory, digest, file, edit, out: join(place.folder, 'none') };
}

const resume = (directory: string, ...options: string[]) => runCommand(['resume', directory, '--json', ...options]);

async function refused(run: { directory: string; out: string }, code: string): Promise<string> {
  const before = readdirSync(run.directory).map((name) => readFileSync(join(run.directory, name)));
  const message = expectRefusal(await resume(run.directory), run, code);
  expect(readdirSync(run.directory).map((name) => readFileSync(join(run.directory, name)))).toEqual(before);
  return message;
}

test('a run that was killed between its last round and its summary only gets its summary', async () => {
  const { directory, digest, file } = await unfinished();
  const { code, stdout } = await resume(directory, '--quiet');
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ digest, outcome: 'rounds', rounds: 3 })]);
  expect(readLines(file('rounds.jsonl'))).toHaveLength(3);
});

test('a folder that is none, or not a run, is refused by name', async () => {
  const place = workspace();
  const missing = join(place.folder, 'nowhere');
  expect(expectRefusal(await resume(missing), place, 'RUN_MISSING')).toContain(join(missing, 'manifest.json'));
  mkdirSync(missing);
  writeFileSync(join(missing, 'manifest.json'), '{"version":1}');
  expect(expectRefusal(await resume(missing), place, 'RUN_MISSING')).toContain('no valid version');
});

test('other data than those the run began with are refused', async () => {
  const run = await unfinished();
  run.edit('manifest.json', (text) => text.replace(/"digest": "....../, '"digest": "000000'));
  expect(await refused(run, 'RUN_CHANGED')).toMatch(/the data are not those[\s\S]*expected: SHA-256 000000/);
});

test('another scenario than the one that the run began with is refused', async () => {
  const run = await unfinished();
  run.edit('scenario.yaml', (text) => text.replace('rounds: 3', 'rounds: 4'));
  expect(await refused(run, 'RUN_CHANGED')).toMatch(/the scenario is not the one/);
});

test('a name, a description and how often it is saved may change', async () => {
  const run = await unfinished();
  run.edit('scenario.yaml', (text) => `description: x\n${text.replace('every: 100', 'every: 5')}`);
  expect((await resume(run.directory)).code).toBe(0);
});

test('a checkpoint of another format version is refused, and none stands before it', async () => {
  const run = await unfinished();
  run.edit('checkpoint.safetensors', (text) => text.replace('"version":"1"', '"version":"9"'));
  writeFileSync(run.file('checkpoint.safetensors'), seal(readFileSync(run.file('checkpoint.safetensors'))));
  const message = await refused(run, 'CHECKPOINT_INVALID');
  expect(message).toMatch(/another format\n {2}found: {4}version 9\n {2}expected: version 1/);
});

test('records of another run than the checkpoint are refused', async () => {
  const run = await unfinished();
  run.edit('rounds.jsonl', (text) => text.replace(/"digest":"....(?=[0-9a-f]{60}"}\n$)/, '"digest":"0000'));
  expect(await refused(run, 'RECORDS_INVALID')).toMatch(/found: {4}round 2 with weights 0000/);
});

test('a run that is at work is not resumed', async () => {
  const run = await unfinished();
  writeFileSync(run.file('run.lock'), String(process.pid));
  expect(await refused(run, 'OUTPUT_UNWRITABLE')).toContain(`process ${process.pid} at work in it`);
});

test('records that go further than the checkpoint are cut back to it', async () => {
  const { directory, digest, file } = await unfinished();
  appendFileSync(file('clients.jsonl'), '{"round":3,"client":0}\n{"rou');
  const replies = readLines(file('rounds.jsonl')).flatMap(({ cohort }) => cohort);
  const { code, stdout } = await resume(directory);
  expect([code, JSON.parse(stdout).digest]).toEqual([0, digest]);
  expect(readLines(file('clients.jsonl')).map(({ client }) => client)).toEqual(replies);
});
