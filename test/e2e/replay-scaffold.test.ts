/** Replay where clients keep state: it is taken from the checkpoint or made again, and what was found is left alone. */
import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from 'fedtempo/server/digest.js';
import { flatModel } from 'fedtempo/server/store/model-tensors.js';
import { decodeSafetensors } from 'fedtempo/server/store/safetensors.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { expect, test } from 'vitest';
import { readLines, runCommand, temporaryFolder } from '../support/processes.js';

/** Checkpoints of 10 and 14 rounds are left at the end; most states are on disk. */
const scenario = `
schemaVersion: 1
name: audited-states
seed: 3
data: { dataset: digits, partition: { kind: shards, clients: 12 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation: { algorithm: { kind: scaffold }, rounds: 14, cohort: { size: 5 }, localSteps: 6 }
schedules:
  learningRate: { kind: exponential, start: 0.1, factor: 0.999, unit: step }
  batchSize: 10
faults:
  - { kind: byzantine, attack: signFlip, clients: { fraction: 0.5 }, probability: 0.5 }
clientState: { memoryMegabytes: 0.008 }
checkpoint: { every: 10 }
pool: { kind: worker, workers: 2 }
`;

type Line = Record<string, unknown> & { round: number; client: number; updateDigest: string; fault?: string };

async function run() {
  const folder = temporaryFolder();
  const file = join(folder, 'audited-states.yaml');
  writeFileSync(file, scenario);
  const { code, stdout } = await runCommand(['run', file, '--out', folder, '--quiet', '--json']);
  expect(code).toBe(0);
  const { directory } = JSON.parse(stdout) as { directory: string };
  return { directory, lines: readLines(join(directory, 'clients.jsonl')) as Line[] };
}

const replay = (directory: string, { round, client }: Line, ...options: string[]) =>
  runCommand(['replay', directory, '--round', String(round), '--client', String(client), '--quiet', ...options]);

const contents = (directory: string) =>
  readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('base64')]);

test('updates have the recorded bits in every pool, from the start or a checkpoint, tampered with or not', {
  timeout: 240_000,
}, async () => {
  const { directory, lines } = await run();
  const before = contents(directory);
  const flipped = lines.find(({ round, fault }) => round > 4 && round < 10 && fault === 'byzantine') as Line;
  const honest = (round: number) => lines.find((line) => line.round === round && line.fault === undefined) as Line;
  for (const [line, from, options] of [
    [honest(3), 0, ['--pool', 'inline']],
    [flipped, 0, ['--pool', 'worker', '--workers', '3']],
    [honest(13), 10, ['--pool', 'process', '--workers', '2']],
    [honest(11), 10, []],
  ] as const) {
    const { code, stdout, stderr } = await replay(directory, line, '--json', ...options);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ same: true, digest: line.updateDigest, from });
  }
  expect(contents(directory)).toEqual(before);

  // With the states of that checkpoint damaged it begins at the start.
  const copy = join(temporaryFolder(), 'copy');
  cpSync(directory, copy, { recursive: true });
  truncateSync(join(copy, 'client-states.bin'), 100);
  const { stdout } = await replay(copy, honest(11), '--json');
  expect(JSON.parse(stdout)).toMatchObject({ same: true, from: 0 });
});

test('the export has the correction, and with it is enough to do the update again', { timeout: 120_000 }, async () => {
  const { directory, lines } = await run();
  // A client that was counted before, so that c − c_i is not c alone.
  const line = lines.find(
    ({ round, client, fault }) =>
      round === 8 && fault === undefined && lines.some((other) => other.round < 8 && other.client === client),
  ) as Line;
  const target = join(temporaryFolder(), 'export');
  expect((await replay(directory, line, '--export', target)).code).toBe(0);
  const read = (name: string) => decodeSafetensors(readFileSync(join(target, `${name}.safetensors`))).tensors;
  const facts = JSON.parse(readFileSync(join(target, 'replay.json'), 'utf8'));
  const model = createModel(facts.model.widths, facts.model.activation, facts.model.loss);
  const [weights, correction] = ['before', 'correction'].map((name) => flatModel(model.layout, read(name)));
  const shard = read('shard');
  const [features, labels] = [shard.get('features'), shard.get('labels')];
  const core = chooseKernels('reference').createCore(model);
  core.load({
    examples: labels?.values.length ?? 0,
    featureCount: 64,
    classCount: 10,
    features: features?.values as Float32Array,
    labels: labels?.values as Int32Array,
  });
  const again = (options: object) => {
    const local = weights.slice();
    const batchSizes = Uint32Array.from(facts.batches, (batch: number[]) => batch.length);
    const learningRates = Float32Array.from(facts.learningRates);
    core.train(local, Uint32Array.from(facts.batches.flat()), { batchSizes, learningRates }, options);
    return digestOf(local.map((value, index) => value - weights[index]));
  };
  expect(again({ correction })).toBe(line.updateDigest);
  expect(again({})).not.toBe(line.updateDigest);
});
