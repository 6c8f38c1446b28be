/** Replay: one client's update of a real run, computed again by the real command, and what it says of changed records. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from 'fedtempo/server/digest.js';
import { flatModel } from 'fedtempo/server/store/model-tensors.js';
import { decodeSafetensors } from 'fedtempo/server/store/safetensors.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { type Activation, createModel, type Loss } from 'fedtempo/shared/model/model.js';
import { type ClientOptimizerKind, createClientOptimizer } from 'fedtempo/shared/optimizer/client-optimizer.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandFile, readLines, repository, runCommand, temporaryFolder } from '../support/processes.js';

/**
 * State of every kind on the way: server momentum, an adaptive rate, a rate by steps, faults that lose, silence and change
 * updates. The one checkpoint before the last is of 16 rounds.
 */
const scenario = `
schemaVersion: 1
name: audited
seed: 6
data: { dataset: digits, partition: { kind: shards, clients: 20 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation:
  rounds: 20
  cohort: { size: 5 }
  localEpochs: 2
  clientOptimizer: { kind: momentum }
schedules:
  learningRate: { kind: exponential, start: 0.05, factor: 0.999, unit: step }
  batchSize: { kind: growBatchOnPlateau, start: 8, max: 32, patience: 2 }
  serverMomentum: 0.5
  proximalMu: 0.01
  weightDecay: 0.001
  clipNorm: 2
faults:
  - { kind: byzantine, attack: signFlip, clients: { fraction: 0.2 }, probability: 0.5 }
  - { kind: drop, probability: 0.1 }
  - { kind: corrupt, how: nan, probability: 0.05 }
checkpoint: { every: 8 }
pool: { kind: worker, workers: 2 }
`;

type Line = Record<string, unknown> & { round: number; client: number; kind: string; fault?: string };
const folder = mkdtempSync(join(tmpdir(), 'fedtempo-test-'));
let directory: string;
let lines: Line[];
let rounds: Record<string, unknown>[];

beforeAll(() => {
  const file = join(folder, 'audited.yaml');
  writeFileSync(file, scenario);
  const args = [commandFile, 'run', file, '--out', folder, '--quiet', '--json'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  ({ directory } = JSON.parse(stdout) as { directory: string });
  lines = readLines(join(directory, 'clients.jsonl')) as Line[];
  rounds = readLines(join(directory, 'rounds.jsonl'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replay = (run: string, { round, client }: { round: number; client: number }, ...options: string[]) =>
  runCommand(['replay', run, '--round', String(round), '--client', String(client), '--quiet', ...options]);

/** The first line of a round that is as asked for. */
function lineOf(round: number, like: (line: Line) => boolean = ({ fault }) => fault === undefined): Line {
  const line = lines.find((each) => each.round === round && each.kind === 'update' && like(each));
  if (line === undefined) throw new Error(`round ${round} has no such line`);
  return line;
}

test.each([
  [0, 0, ['--pool', 'inline']],
  [7, 0, ['--pool', 'worker', '--workers', '3']],
  [15, 0, ['--pool', 'process', '--workers', '2']],
  [16, 16, []],
  [19, 16, ['--kernels', 'reference', '--pool', 'inline']],
] as const)('an update of round %i has the recorded bits, from round %i on, with %j', async (round, from, options) => {
  const line = lineOf(round);
  const before = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  const { code, stdout, stderr } = await replay(directory, line, '--json', ...options);
  expect([code, stderr]).toEqual([0, '']);
  const { updateDigest } = line;
  expect(JSON.parse(stdout)).toEqual({
    round,
    client: line.client,
    same: true,
    digest: updateDigest,
    recordedDigest: updateDigest,
    fault: null,
    from,
    verified: round - from,
  });
  expect(readdirSync(directory).map((name) => readFileSync(join(directory, name)))).toEqual(before);
});

test('the verdict is told in words, and the way to it on standard error', async () => {
  const { round, client, updateDigest } = lineOf(12);
  const args = ['replay', directory, '--round', String(round), '--client', String(client)];
  const { code, stdout, stderr } = await runCommand(args);
  expect(code).toBe(0);
  expect(stdout).toBe(
    `round 12, client ${client}: the same update, bit for bit\n  recorded: ${updateDigest}\n  replayed: ${updateDigest}\n` +
      '  from the start: 12 rounds run again, each with the recorded weights\n',
  );
  expect(stderr).toMatch(/replay up to round 12 · worker pool, 2 workers\n round/);
});

/** A copy of the run in which a file was changed. */
function changed(name: string, change: (text: string) => string): string {
  const copy = join(temporaryFolder(), 'copy');
  cpSync(directory, copy, { recursive: true });
  const text = readFileSync(join(copy, name), 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(join(copy, name), change(text));
  return copy;
}

test('a digest of clients.jsonl that was changed is found: exit code 1', async () => {
  const line = lineOf(9);
  const digest = String(line.updateDigest);
  const other = `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`;
  const copy = changed('clients.jsonl', (text) => text.replace(digest, other));
  const { code, stdout } = await replay(copy, line);
  expect(code).toBe(1);
  expect(stdout).toContain(`client ${line.client}: ANOTHER update\n  recorded: ${other}\n  replayed: ${digest}\n`);
});

test('a round before it that was recorded with other weights is named: exit code 1', async () => {
  const copy = changed('rounds.jsonl', (text) => text.replace(String(rounds[4].digest), 'f'.repeat(64)));
  const { code, stdout, stderr } = await replay(copy, lineOf(9));
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('error REPLAY_DIFFERS');
  expect(stderr).toContain('the replay left the run in round 4');
  expect(stderr).toContain(`found:    weights with SHA-256 ${rounds[4].digest}`);
});

test('a scenario that was changed is refused', async () => {
  const copy = changed('scenario.yaml', (text) => text.replace('serverMomentum: 0.5', 'serverMomentum: 0.6'));
  const { code, stderr } = await replay(copy, lineOf(9));
  expect(code).toBe(2);
  expect(stderr).toContain('error RUN_CHANGED');
});

test('a checkpoint that was damaged is not needed', async () => {
  const copy = changed('checkpoint.previous.safetensors', (text) => text.slice(0, 300));
  const { code, stdout } = await replay(copy, lineOf(17), '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ same: true, from: 0 })]);
});

test('an unknown round, an unknown client and one that failed are clear errors', async () => {
  const late = await replay(directory, { round: 20, client: 0 });
  expect(late.code).toBe(2);
  expect(late.stderr).toMatch(
    /^error REPLAY_UNKNOWN: .*no such round\n {2}found: {4}round 20\n {2}expected: round 0 to 19\n/,
  );
  const cohort = rounds[3].cohort as number[];
  const absent = Array.from({ length: 20 }, (_, client) => client).find((client) => !cohort.includes(client)) as number;
  const nobody = await replay(directory, { round: 3, client: absent });
  expect(nobody.code).toBe(2);
  expect(nobody.stderr).toContain(`found:    client ${absent}\n  expected: one of ${cohort.join(', ')}\n`);
  for (const fault of ['drop', 'corrupt']) {
    const failed = lines.find((line) => line.kind === 'failure' && line.fault === fault) as Line;
    const { code, stderr } = await replay(directory, failed);
    expect(code).toBe(2);
    expect(stderr).toContain(`the client has no update in this round\n  found:    ${failed.code}: ${failed.reason}\n`);
  }
  const text = await runCommand(['replay', directory, '--round', 'x', '--client', '0']);
  expect([text.code, text.stderr]).toEqual([2, expect.stringContaining('Expected a whole number from 0')]);
});

interface Exported {
  readonly model: { widths: number[]; activation: Activation; loss: Loss };
  readonly optimizer: { kind: ClientOptimizerKind; momentum: number; beta1: number; beta2: number; epsilon: number };
  readonly batches: number[][];
  readonly learningRates: number[];
  readonly momenta?: number[];
  readonly proximalMus: number[];
  readonly weightDecays: number[];
  readonly clipNorms: number[];
  readonly updateDigest: string;
  readonly round: number;
  readonly client: number;
  readonly run: string;
  readonly fault?: string;
  readonly countedDigest?: string;
}

async function exported(line: Line) {
  const target = join(temporaryFolder(), 'deep', 'export');
  const { code } = await replay(directory, line, '--export', target);
  expect(code).toBe(0);
  const read = (name: string) => decodeSafetensors(readFileSync(join(target, `${name}.safetensors`))).tensors;
  const facts = JSON.parse(readFileSync(join(target, 'replay.json'), 'utf8')) as Exported;
  const { widths, activation, loss } = facts.model;
  const model = createModel(widths, activation, loss);
  const [before, update] = [flatModel(model.layout, read('before')), flatModel(model.layout, read('update'))];
  return { target, facts, model, before, update, shard: read('shard') };
}

test('the export is enough to do the update again: nothing else is used, and the bits are the same', async () => {
  const line = lineOf(13);
  const { target, facts, model, before, update, shard } = await exported(line);
  expect(readdirSync(target).sort()).toEqual([
    'before.safetensors',
    'replay.json',
    'shard.safetensors',
    'update.safetensors',
  ]);
  expect(facts).toMatchObject({ run: directory, round: 13, client: line.client, updateDigest: line.updateDigest });
  expect(digestOf(before)).toBe(rounds[12].digest);
  expect(digestOf(update)).toBe(line.updateDigest);

  // Each epoch visits every example of the shard once; the rate falls from step to step.
  const examples = line.examples as number;
  const visits = new Array<number>(examples).fill(0);
  for (const index of facts.batches.flat()) visits[index] += 1;
  expect(visits).toEqual(new Array(examples).fill(2));
  expect(facts.batches).toHaveLength(line.steps as number);
  expect(facts.learningRates[1]).toBeLessThan(facts.learningRates[0]);

  const [features, labels] = ['features', 'labels'].map((name) => shard.get(name));
  expect([features?.shape, labels?.shape]).toEqual([[examples, 64], [examples]]);
  const core = chooseKernels('reference').createCore(model);
  core.load({
    examples,
    featureCount: 64,
    classCount: 10,
    features: features?.values as Float32Array,
    labels: labels?.values as Int32Array,
  });
  const { kind, ...constants } = facts.optimizer;
  const local = before.slice();
  const steps = {
    batchSizes: Uint32Array.from(facts.batches, (batch) => batch.length),
    learningRates: Float32Array.from(facts.learningRates),
    proximals: Float32Array.from(facts.proximalMus),
    weightDecays: Float32Array.from(facts.weightDecays),
    clipNorms: Float32Array.from(facts.clipNorms),
  };
  core.train(local, Uint32Array.from(facts.batches.flat()), steps, {
    optimizer: createClientOptimizer(kind, constants),
  });
  expect(local.map((value, index) => value - before[index])).toEqual(update);
});

test('where a fault changed the update on its way, the export holds what the client sent', async () => {
  const line = lines.find(({ kind, fault }) => kind === 'update' && fault === 'byzantine') as Line;
  const { facts, update } = await exported(line);
  expect(facts).toMatchObject({ fault: 'byzantine', countedDigest: line.updateDigest });
  expect(digestOf(update)).toBe(facts.updateDigest);
  // What arrived was the negative of it.
  const flipped = Buffer.from(update.map((value) => -value).buffer);
  expect(createHash('sha256').update(flipped).digest('hex')).toBe(line.updateDigest);
});

test('an export that cannot be written is refused', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const { code, stderr } = await replay(directory, lineOf(0), '--export', file);
  expect([code, stderr]).toEqual([2, expect.stringContaining('error OUTPUT_UNWRITABLE: --export')]);
  expect(existsSync(join(directory, 'run.lock'))).toBe(false);
});

test.each([
  ['fedbuff', '{ kind: fedbuff, bufferSize: 4, maxStaleness: 20 }'],
  ['fedasync', '{ kind: fedasync, mixing: 0.5, maxStaleness: 30 }'],
])('%s: an update that began versions ago is replayed, from a checkpoint too', async (_, algorithm) => {
  const out = temporaryFolder();
  const file = join(out, 'a.yaml');
  writeFileSync(
    file,
    readFileSync(join(repository, 'scenarios/stragglers.yaml'), 'utf8').replace(/\nvariants:[\s\S]*/, '\n'),
  );
  const changes = [
    `federation.algorithm=${algorithm}`,
    'federation.rounds=40',
    'checkpoint.every=25',
    'pool.kind=worker',
  ];
  const set = changes.flatMap((change) => ['--set', change]);
  const { stdout } = await runCommand(['run', file, '--out', out, '--quiet', '--json', ...set]);
  const { directory: run } = JSON.parse(stdout) as { directory: string };
  const replies = readLines(join(run, 'clients.jsonl')) as (Line & { startVersion?: number })[];
  const updates = replies.filter(({ kind, round }) => kind === 'update' && round >= 20);
  const stale = updates.find(({ round, startVersion = round }) => startVersion < round && startVersion < 25) as Line;
  const late = updates.find(({ round, startVersion = round }) => startVersion < round && startVersion >= 25) as Line;
  for (const [line, from] of [
    [stale, 0],
    [late, 25],
  ] as const) {
    const replayed = await replay(run, line, '--json');
    expect([replayed.stderr, replayed.code]).toEqual(['', 0]);
    expect(JSON.parse(replayed.stdout)).toMatchObject({ round: line.round, same: true, from });
  }
});
