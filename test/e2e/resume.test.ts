/** Killed at any moment and resumed, in any pool: the bits of a run that was never interrupted. */
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';
import { killAfter, recordsOf } from '../support/killed.js';
import { repository, runCommand, startCommand, temporaryFolder } from '../support/processes.js';

interface Summary {
  readonly digest: string;
  readonly directory: string;
  readonly rounds: number;
  readonly outcome: string;
  readonly pool: string;
  readonly workers: number;
}

const ROUNDS = 200;

/**
 * Everything that a run carries from round to round: server momentum, adaptive schedules (one seen by updates, one by
 * rounds), a schedule that counts steps.
 */
const scenario = `
schemaVersion: 1
name: carried
seed: 11
data: { dataset: digits, partition: { kind: shards, clients: 20 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation: { rounds: ${ROUNDS}, cohort: { size: 4 }, localEpochs: 1 }
schedules:
  learningRate: { kind: reduceOnPlateau, start: 0.05, factor: 0.8, patience: 6 }
  batchSize: 10
  serverLearningRate: { kind: fedExp, max: 3 }
  serverMomentum: 0.4
  clipNorm: { kind: exponential, start: 4, factor: 0.999, unit: step }
evaluation: { every: 2 }
checkpoint: { every: 4 }
`;

const poolArguments = {
  inline: ['--pool', 'inline'],
  worker: ['--pool', 'worker', '--workers', '2'],
  process: ['--pool', 'process', '--workers', '2'],
};

function place() {
  const out = temporaryFolder();
  const file = join(out, 'carried.yaml');
  writeFileSync(file, scenario);
  return { file, out: join(out, 'runs') };
}

async function summaryOf(args: readonly string[], stderr = /^$/): Promise<Summary> {
  const ended = await runCommand([...args, '--quiet', '--json']);
  expect(ended.stderr).toMatch(stderr);
  expect(ended.code).toBe(0);
  return JSON.parse(ended.stdout) as Summary;
}

async function runWhole() {
  const { file, out } = place();
  const summary = await summaryOf(['run', file, '--out', out, '--pool', 'inline']);
  const checkpoint = readFileSync(join(summary.directory, 'checkpoint.safetensors'));
  return { digest: summary.digest, ...recordsOf(summary.directory), checkpoint };
}

let whole: ReturnType<typeof runWhole> | undefined;
/** The run that nobody interrupts, made once. */
function uninterrupted() {
  whole ??= runWhole();
  return whole;
}

/** Without bytes on the wire, which follow from the pool. */
const wireless = ({ bytesDown: _, bytesUp: __, totalBytes: ___, ...rest }: Record<string, unknown>) => rest;

async function expectTheSame({ directory, ...summary }: Summary): Promise<void> {
  const { digest, rounds, clients, checkpoint } = await uninterrupted();
  expect(summary).toMatchObject({ digest, outcome: 'rounds', rounds: ROUNDS });
  const records = recordsOf(directory);
  expect(records.rounds.map(wireless)).toEqual(rounds.map(wireless));
  expect(records.clients).toEqual(clients);
  expect(readFileSync(join(directory, 'checkpoint.safetensors'))).toEqual(checkpoint);
}

test('the scenario uses all that is carried: the adaptive rate falls, momentum and step rates are there', async () => {
  const { rounds } = await uninterrupted();
  expect(rounds[0].learningRate).toBe(0.05);
  expect(rounds.at(-1)?.learningRate).toBeLessThan(0.05);
  expect(new Set(rounds.map(({ serverLearningRate }) => serverLearningRate)).size).toBeGreaterThan(5);
  expect(rounds.at(-1)?.clipNorm).toBeLessThan(rounds[0].clipNorm as number);
});

test.each([
  ['worker', 20],
  ['inline', 4],
  ['process', 4],
] as const)(
  'in the %s pool, killed %i times at random moments and resumed each time',
  { timeout: 600_000 },
  async (pool, kills) => {
    const { file, out } = place();
    const random = stream(5, 'cohort', kills, 0);
    let directory: string | undefined;
    for (let kill = 0; kill < kills; kill++) {
      const done = random.below(Math.floor((2 * ROUNDS) / 3 / kills));
      const args = directory === undefined ? ['run', file, '--out', out] : ['resume', directory];
      const killed = await killAfter([...args, ...poolArguments[pool]], done);
      expect(killed, `it ended before kill ${kill}`).toBeDefined();
      expect(directory ?? killed).toBe(killed);
      directory = killed as string;
      expect(existsSync(join(directory, 'summary.json'))).toBe(false);
    }
    const summary = await summaryOf(['resume', directory as string, ...poolArguments[pool]]);
    expect(summary.pool).toBe(pool);
    await expectTheSame(summary);
  },
);

test('resumed with another pool and another number of workers each time', { timeout: 300_000 }, async () => {
  const { file, out } = place();
  const directory = (await killAfter(['run', file, '--out', out, ...poolArguments.process], 30)) as string;
  await killAfter(['resume', directory, '--pool', 'worker', '--workers', '3'], 35);
  await killAfter(['resume', directory, '--pool', 'inline'], 35);
  await killAfter(['resume', directory, '--pool', 'worker', '--workers', '1'], 35);
  const summary = await summaryOf(['resume', directory, '--pool', 'process', '--workers', '1']);
  expect([summary.pool, summary.workers]).toEqual(['process', 1]);
  await expectTheSame(summary);
  const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
  const pools = manifest.resumed.map(({ pool }: { pool: object }) => pool);
  expect(pools).toEqual([
    { kind: 'worker', workers: 3 },
    { kind: 'inline', workers: 1 },
    { kind: 'worker', workers: 1 },
    { kind: 'process', workers: 1 },
  ]);
});

test('an asynchronous run in virtual time, killed with tasks in flight', { timeout: 300_000 }, async () => {
  const { out } = place();
  const file = join(out, '..', 'asynchronous.yaml');
  const shipped = readFileSync(join(repository, 'scenarios/stragglers.yaml'), 'utf8');
  writeFileSync(file, shipped.replace(/\nvariants:[\s\S]*/, '\n'));
  const algorithm = '{ kind: fedbuff, bufferSize: 4, maxStaleness: 20 }';
  const changes = [`federation.algorithm=${algorithm}`, 'federation.rounds=150', 'checkpoint.every=7', 'stop={}'];
  const run = ['run', file, '--out', out, ...changes.flatMap((change) => ['--set', change])];
  const expected = await summaryOf([...run, ...poolArguments.inline]);
  const directory = (await killAfter([...run, ...poolArguments.worker], 20)) as string;
  await killAfter(['resume', directory, ...poolArguments.process], 30);
  await killAfter(['resume', directory, ...poolArguments.inline], 40);
  const summary = await summaryOf(['resume', directory, ...poolArguments.worker]);
  expect(summary).toMatchObject({ digest: expected.digest, rounds: 150 });
  const [records, whole] = [recordsOf(directory), recordsOf(expected.directory)];
  expect(records.rounds.map(wireless)).toEqual(whole.rounds.map(wireless));
  expect(records.clients).toEqual(whole.clients);
});

test('with the newest checkpoint cut, it says so and goes on from the one before', { timeout: 300_000 }, async () => {
  const { file, out } = place();
  const directory = (await killAfter(['run', file, '--out', out, ...poolArguments.worker], 150)) as string;
  const size = readFileSync(join(directory, 'checkpoint.safetensors')).length;
  const random = stream(6, 'cohort', 0, 0);
  for (const length of [0, 60, random.below(size), size - 1]) {
    const copy = join(out, `cut-${length}`);
    cpSync(directory, copy, { recursive: true });
    truncateSync(join(copy, 'checkpoint.safetensors'), length);
    const { code, stdout, stderr } = await runCommand(['resume', copy, '--pool', 'inline', '--json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`checkpoint\\.safetensors: [^\\n]*\\n {2}found: {4}${length} bytes`));
    expect(stderr).toMatch(/checkpoint\.previous\.safetensors, of \d+ rounds, is used in its place/);
    await expectTheSame(JSON.parse(stdout));
  }
});

test('Ctrl-C saves, shows the command that goes on, and that command goes on', { timeout: 300_000 }, async () => {
  const { file, out } = place();
  const { child, ended, says } = startCommand(['run', file, '--out', out, ...poolArguments.worker]);
  await says(/^ +\d+ .*\n/m);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  const [, rounds, directory] =
    stderr.match(/interrupted after (\d+) rounds?, saved\. Go on with: fedtempo resume (\S+)/) ?? [];
  const interrupted = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8')) as Summary;
  expect(interrupted).toMatchObject({ outcome: 'interrupted', rounds: Number(rounds) });
  expect(interrupted.rounds).toBeLessThan(ROUNDS);
  expect(existsSync(join(directory, 'run.lock'))).toBe(false);
  await expectTheSame(await summaryOf(['resume', directory]));
});

test('a run that has ended is told and left alone', async () => {
  const { directory, digest } = await shortRun();
  const before = readFileSync(join(directory, 'rounds.jsonl'));
  const { code, stdout, stderr } = await runCommand(['resume', directory, '--json']);
  expect([code, JSON.parse(stdout).digest]).toEqual([0, digest]);
  expect(stderr).toContain('the run has ended already, by rounds; nothing was run');
  expect(readFileSync(join(directory, 'rounds.jsonl'))).toEqual(before);
});

/** A short run of its own: others are not to be changed. */
async function shortRun() {
  const { file, out } = place();
  return summaryOf(['run', file, '--out', out, '--pool', 'inline', '--set', 'federation.rounds=5']);
}
