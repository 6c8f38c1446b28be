/** Client state through kills and damage: a SCAFFOLD run whose states mostly live on disk ends with the same bits. */
import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';
import { killAfter, recordsOf } from '../support/killed.js';
import { runCommand, temporaryFolder } from '../support/processes.js';

const ROUNDS = 90;

/** Memory for about three of the states; momentum, and rates that move inside rounds, besides. */
const scenario = `
schemaVersion: 1
name: states
seed: 6
data: { dataset: digits, partition: { kind: shards, clients: 20 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation: { algorithm: { kind: scaffold, weighting: examples }, rounds: ${ROUNDS}, cohort: { size: 5 }, localEpochs: 2 }
schedules:
  learningRate: { kind: exponential, start: 0.1, factor: 0.999, unit: step }
  batchSize: 10
  serverMomentum: 0.3
clientState: { memoryMegabytes: 0.008 }
evaluation: { every: 2 }
checkpoint: { every: 3 }
`;

function place() {
  const out = temporaryFolder();
  const file = join(out, 'states.yaml');
  writeFileSync(file, scenario);
  return { file, out: join(out, 'runs') };
}

async function finished(args: readonly string[]) {
  const { code, stdout, stderr } = await runCommand([...args, '--quiet', '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as { digest: string; directory: string };
}

async function whole() {
  const { file, out } = place();
  const { digest, directory } = await finished([
    'run',
    file,
    '--out',
    out,
    '--pool',
    'inline',
    '--set',
    'clientState.memoryMegabytes=100',
  ]);
  return { digest, ...recordsOf(directory) };
}

let made: ReturnType<typeof whole> | undefined;
/** The run that nobody interrupts, all of its states in memory. */
function uninterrupted() {
  made ??= whole();
  return made;
}

async function expectTheSame({ digest, directory }: { digest: string; directory: string }): Promise<void> {
  const expected = await uninterrupted();
  expect(digest).toBe(expected.digest);
  const wireless = ({ bytesDown: _, bytesUp: __, totalBytes: ___, ...rest }: Record<string, unknown>) => rest;
  const records = recordsOf(directory);
  expect(records.rounds.map(wireless)).toEqual(expected.rounds.map(wireless));
  expect(records.clients).toEqual(expected.clients);
}

const pools = [
  ['--pool', 'worker', '--workers', '2'],
  ['--pool', 'process', '--workers', '2'],
  ['--pool', 'inline'],
  ['--pool', 'worker', '--workers', '3'],
];

test('killed at random moments and resumed, each time in another pool', { timeout: 300_000 }, async () => {
  const { file, out } = place();
  const random = stream(8, 'cohort', 1, 0);
  let directory: string | undefined;
  for (let kill = 0; kill < 6; kill++) {
    const args = directory === undefined ? ['run', file, '--out', out] : ['resume', directory];
    const killed = await killAfter([...args, ...pools[kill % pools.length]], random.below(14));
    expect(killed, `it ended before kill ${kill}`).toBeDefined();
    directory = killed as string;
  }
  await expectTheSame(await finished(['resume', directory as string]));
});

test('with the states of the newest checkpoint damaged, the one before is used and its states are whole', {
  timeout: 300_000,
}, async () => {
  const { file, out } = place();
  const directory = (await killAfter(['run', file, '--out', out, ...pools[0]], 40)) as string;
  const newest = /"clientState":"\\"(\d+):/.exec(
    readFileSync(join(directory, 'checkpoint.safetensors')).toString('latin1'),
  );
  const name = `client-states.${newest?.[1]}.index`;
  expect(readdirSync(directory)).toContain(name);
  for (const length of [0, 30, readFileSync(join(directory, name)).length - 1]) {
    const copy = join(out, `cut-${length}`);
    cpSync(directory, copy, { recursive: true });
    truncateSync(join(copy, name), length);
    const { code, stdout, stderr } = await runCommand(['resume', copy, '--json', '--pool', 'inline']);
    expect(code).toBe(0);
    expect(stderr).toContain(`${name}: the stored client states are damaged`);
    expect(stderr).toMatch(/checkpoint\.previous\.safetensors, of \d+ rounds, is used in its place/);
    await expectTheSame(JSON.parse(stdout));
  }
});

test('with the file of states gone the run is refused, and says what to do', { timeout: 120_000 }, async () => {
  const { file, out } = place();
  const directory = (await killAfter(['run', file, '--out', out, ...pools[2]], 20)) as string;
  truncateSync(join(directory, 'client-states.bin'), 100);
  const { code, stderr } = await runCommand(['resume', directory, '--quiet']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/CHECKPOINT_INVALID[\s\S]*client-states\.bin[\s\S]*the file ends within slot/);
  expect(stderr).toContain('run the scenario again');
});
