/** Edges between clients and cloud, in whole runs. */
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/processes.js';
import { runText } from '../support/run.js';

const text = `
schemaVersion: 1
name: hierarchy-test
seed: 3
data: { dataset: digits, partition: { kind: shards, clients: 14 } }
model: { kind: mlp, hidden: [9], activation: tanh }
federation: { rounds: 6, cohort: { size: 6 } }
schedules: { learningRate: 0.2, batchSize: 25 }
pool: { kind: inline }
`;
const run = (...settings: string[]) => runText(text, settings);
const edges = (count: number, period: number) => `federation.hierarchy={ edges: ${count}, period: ${period} }`;

describe.each<[string, string[]]>([
  ['as it is', []],
  ['with a server that has momentum', ['schedules.serverLearningRate=0.7', 'schedules.serverMomentum=0.9']],
  ['with a server step that listens', ['schedules.serverLearningRate={ kind: fedExp }']],
  ['with a batch size that listens', ['schedules.batchSize={ kind: normTest, start: 4, max: 40 }']],
  [
    'with faults and a minimum of replies',
    ['faults=[{ kind: drop, probability: 0.5 }, { kind: byzantine, attack: scale }]', 'federation.minimumReplies=3'],
  ],
  [
    'in virtual time with a deadline',
    [
      'devices={ classes: [{ name: phone, share: 1, examplesPerSecond: { kind: uniform, from: 50, to: 400 }, downloadMbps: 1, uploadMbps: 1, latencyMs: 10 }] }',
      'federation.deadlineSeconds=1',
    ],
  ],
  ['with a cohort that grows', ['schedules.cohortSize={ kind: linear, start: 1, end: 14 }']],
])('a scenario %s', (_, settings) => {
  test.each([1, 3, 14])(
    'has with %i edges and period 1 the bits of the flat federation, round by round',
    async (count) => {
      const flat = await run(...settings);
      const tree = await run(...settings, edges(count, 1));
      expect(tree.rounds.map(({ digest }) => digest)).toEqual(flat.rounds.map(({ digest }) => digest));
      const bits = ({ clients }: typeof flat) => clients.map((record) => ({ ...record, trainMs: 0 }));
      expect(bits(tree)).toEqual(bits(flat));
      expect(new Set(flat.rounds.map(({ digest }) => digest)).size).toBeGreaterThan(3);
    },
  );
});

test('edges that are averaged less often agree with the flat federation in the first round, then go their own ways', async () => {
  const flat = await run();
  const tree = await run(edges(3, 2));
  const same = tree.rounds.map(({ digest }, round) => digest === flat.rounds[round].digest);
  expect(same).toEqual([true, false, false, false, false, false]);
});

test('one digest in every pool', async () => {
  const settings = [edges(4, 3), 'schedules.serverMomentum=0.5', 'federation.rounds=5'];
  const inline = await run(...settings);
  for (const [kind, workers] of [
    ['worker', 1],
    ['worker', 3],
    ['process', 2],
  ]) {
    const other = await run(...settings, `pool.kind=${kind}`, `pool.workers=${workers}`);
    expect(other.rounds.map(({ digest }) => digest)).toEqual(inline.rounds.map(({ digest }) => digest));
  }
});

test('validate tells of the edges', async () => {
  const settings = ['--set', 'federation.hierarchy={ edges: 4, period: 5 }'];
  const { stdout } = await runCommand(['validate', 'scenarios/digits-quick.yaml', ...settings]);
  expect(stdout).toContain('\n  hierarchy 4 edges, averaged every 5 rounds\n');
});
