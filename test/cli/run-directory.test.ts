import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandFile, readLines, repository } from '../support/processes.js';

const SHA_256 = /^[0-9a-f]{64}$/;
const folder = mkdtempSync(join(tmpdir(), 'fedtempo-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

let ended: SpawnSyncReturns<string>;
let summary: Record<string, unknown>;
let wallMs: number;
const file = (name: string) => join(String(summary.directory), name);
const readJson = (name: string) => JSON.parse(readFileSync(file(name), 'utf8')) as Record<string, unknown>;

// One run as the README has it: the shipped scenario, two client processes.
beforeAll(() => {
  const args = ['run', 'scenarios/digits-quick.yaml', '--json', '--quiet', '--out', folder];
  const began = performance.now();
  ended = spawnSync(process.execPath, [commandFile, ...args], { cwd: repository, encoding: 'utf8' });
  wallMs = performance.now() - began;
  summary = JSON.parse(ended.stdout) as Record<string, unknown>;
});

test('standard output is one line of JSON, standard error is empty, exit code 0', () => {
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(ended.stdout.endsWith('}\n')).toBe(true);
  expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
});

test('the summary has every field and is what summary.json holds', () => {
  expect(summary).toMatchObject({
    name: 'digits-quick',
    seed: 1,
    outcome: 'target',
    digest: expect.stringMatching(SHA_256),
    failures: 0,
    pool: 'process',
    workers: 2,
    clients: 20,
    // 64 · 32 + 32 + 32 · 10 + 10.
    parameters: 2410,
  });
  const { rounds, finalAccuracy, finalLoss, bestAccuracy, roundsToTarget } = summary as Record<string, number>;
  expect(finalAccuracy).toBeGreaterThanOrEqual(0.93);
  expect(bestAccuracy).toBeGreaterThanOrEqual(finalAccuracy);
  expect(finalLoss).toBeGreaterThan(0);
  expect(finalLoss).toBeLessThan(1);
  expect(roundsToTarget).toBe(rounds);
  expect(rounds).toBeLessThanOrEqual(60);
  expect(summary.wallMs).toBeGreaterThan(0);
  expect(summary.wallMs).toBeLessThan(wallMs);
  expect(readJson('summary.json')).toEqual(summary);
});

test('the run directory is named by name, seed and time, and holds six files and nothing half-written', () => {
  expect(readdirSync(folder)).toEqual([basename(String(summary.directory))]);
  expect(basename(String(summary.directory))).toMatch(/^digits-quick-1-\d{4}-\d{2}-\d{2}-\d{6}$/);
  expect(readdirSync(String(summary.directory)).sort()).toEqual([
    'checkpoint.safetensors',
    'clients.jsonl',
    'manifest.json',
    'rounds.jsonl',
    'scenario.yaml',
    'summary.json',
  ]);
});

test('scenario.yaml is itself a scenario, complete, and means what was run', () => {
  const original = loadScenarios(
    readFileSync(join(repository, 'scenarios/digits-quick.yaml'), 'utf8'),
    'digits-quick.yaml',
  );
  const written = loadScenarios(readFileSync(file('scenario.yaml'), 'utf8'), 'scenario.yaml');
  expect(written.map(({ scenario }) => scenario)).toEqual(original.map(({ scenario }) => scenario));
});

test('the manifest says what ran on what', () => {
  expect(readJson('manifest.json')).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    node: process.version,
    platform: expect.any(String),
    startedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
    name: 'digits-quick',
    seed: 1,
    dataset: { name: 'digits', digest: expect.stringMatching(SHA_256) },
    model: { widths: [64, 32, 10], parameters: 2410 },
    pool: { kind: 'process', workers: 2 },
  });
});

interface Round {
  readonly round: number;
  readonly learningRate: number;
  readonly cohort: readonly number[];
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly trainLoss: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  readonly examples: number;
  readonly steps: number;
  readonly ms: Record<string, number>;
  readonly digest: string;
}
const rounds = () => readLines(file('rounds.jsonl')) as unknown as Round[];

test('rounds.jsonl has a line a round with every field', () => {
  const all = rounds();
  expect(all).toHaveLength(summary.rounds as number);
  all.forEach((round, index) => {
    expect(round).toMatchObject({
      round: index,
      batchSize: 10,
      localEpochs: 2,
      localSteps: null,
      replies: 5,
      failures: [],
      committed: true,
      // Five clients of 75 examples, two epochs of eight batches each.
      examples: 750,
      steps: 80,
      digest: expect.stringMatching(SHA_256),
    });
    // 0.3 to 0.03 in a straight line over 60 rounds.
    expect(round.learningRate).toBeCloseTo(0.3 - 0.0045 * index, 12);
    expect(new Set(round.cohort).size).toBe(5);
    expect(round.trainLoss).toBeGreaterThan(0);
    expect(round.testLoss).toBeGreaterThan(0);
    expect(round.testAccuracy).toBeLessThanOrEqual(1);
    // Evaluation comes after, beside the next round.
    expect(round.ms.evaluate).toBeGreaterThan(0);
    for (const part of ['broadcast', 'train', 'collect', 'aggregate']) {
      expect(round.ms[part]).toBeGreaterThanOrEqual(0);
      expect(round.ms[part]).toBeLessThanOrEqual(round.ms.total);
    }
    // At least the weights to a process that hosts the cohort, and an update from each client: 4 · 2410 bytes each.
    expect(round.bytesDown).toBeGreaterThan(9640);
    expect(round.bytesUp).toBeGreaterThan(5 * 9640);
  });
  expect(new Set(all.map(({ digest }) => digest)).size).toBe(all.length);
});

test('the summary agrees with the rounds', () => {
  const all = rounds();
  const last = all[all.length - 1];
  const sum = (key: 'examples' | 'steps' | 'bytesDown' | 'bytesUp') => all.reduce((total, one) => total + one[key], 0);
  expect(summary).toMatchObject({
    digest: last.digest,
    finalAccuracy: last.testAccuracy,
    finalLoss: last.testLoss,
    bestAccuracy: Math.max(...all.map(({ testAccuracy }) => testAccuracy)),
    examples: sum('examples'),
    steps: sum('steps'),
    // Without greeting and assignment, and without a round that was begun but not recorded.
    bytesDown: sum('bytesDown'),
    bytesUp: sum('bytesUp'),
  });
});

test('clients.jsonl has a line a reply: what each client really used', () => {
  const replies = readLines(file('clients.jsonl')) as unknown as { round: number; client: number; worker: number }[];
  for (const { round, cohort, learningRate } of rounds()) {
    const lines = replies.filter((reply) => reply.round === round);
    expect(lines.map(({ client }) => client).sort((a, b) => a - b)).toEqual(cohort);
    for (const line of lines) {
      expect(line).toMatchObject({
        kind: 'update',
        examples: 75,
        examplesUsed: 150,
        batchSize: 10,
        steps: 16,
        loss: expect.any(Number),
        accuracy: expect.any(Number),
        trainMs: expect.any(Number),
        learningRateFirst: expect.closeTo(learningRate, 7),
        learningRateLast: expect.closeTo(learningRate, 7),
      });
    }
  }
  expect(new Set(replies.map(({ worker }) => worker))).toEqual(new Set([0, 1]));
});

test('the checkpoint is a safetensors file of the final weights', () => {
  const bytes = readFileSync(file('checkpoint.safetensors'));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  expect(headerBytes % 8).toBe(0);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, unknown>;
  expect(header).toEqual({
    __metadata__: expect.objectContaining({ name: 'digits-quick', rounds: String(summary.rounds) }),
    'layers.0.weight': { dtype: 'F32', shape: [64, 32], data_offsets: [0, 8192] },
    'layers.0.bias': { dtype: 'F32', shape: [32], data_offsets: [8192, 8320] },
    'layers.1.weight': { dtype: 'F32', shape: [32, 10], data_offsets: [8320, 9600] },
    'layers.1.bias': { dtype: 'F32', shape: [10], data_offsets: [9600, 9640] },
  });
  const tensors = bytes.subarray(8 + headerBytes);
  expect(tensors).toHaveLength(9640);
  expect(createHash('sha256').update(tensors).digest('hex')).toBe(summary.digest);
});
