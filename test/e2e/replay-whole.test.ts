/** Replay of whole runs: every round and every update of a real run, computed again, and what is said of changed records. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killAfter } from '../support/killed.js';
import { readLines, repository, runCommand, temporaryFolder } from '../support/processes.js';

/** State of every kind goes on from round to round; faults lose, silence and change updates. */
const scenario = `
schemaVersion: 1
name: audited-whole
seed: 6
data: { dataset: digits, partition: { kind: shards, clients: 20 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation:
  rounds: 12
  cohort: { size: 5 }
  localEpochs: 2
  clientOptimizer: { kind: momentum }
schedules:
  learningRate: { kind: exponential, start: 0.05, factor: 0.999, unit: step }
  batchSize: { kind: growBatchOnPlateau, start: 8, max: 32, patience: 2 }
  serverMomentum: 0.5
faults:
  - { kind: byzantine, attack: signFlip, clients: { fraction: 0.2 }, probability: 0.5 }
  - { kind: drop, probability: 0.1 }
  - { kind: corrupt, how: nan, probability: 0.05 }
checkpoint: { every: 5 }
`;

type Line = Record<string, unknown> & { round: number; client: number; kind: string; updateDigest: string };

async function run(text: string, ...options: string[]) {
  const folder = temporaryFolder();
  const file = join(folder, 'audited.yaml');
  writeFileSync(file, text);
  const { code, stdout } = await runCommand(['run', file, '--out', folder, '--quiet', '--json', ...options]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('"directory"')]);
  const { directory, digest, rounds } = JSON.parse(stdout) as { directory: string; digest: string; rounds: number };
  const lines = readLines(join(directory, 'clients.jsonl')) as Line[];
  const updates = lines.filter(({ kind }) => kind === 'update');
  return { directory, digest, rounds, lines, updates };
}

const replay = (directory: string, ...options: string[]) => runCommand(['replay', directory, '--quiet', ...options]);

const contents = (directory: string) =>
  readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString('base64')]);

/** A copy of a run in which a file was changed. */
function changed(directory: string, name: string, change: (text: string) => string): string {
  const copy = join(temporaryFolder(), 'copy');
  cpSync(directory, copy, { recursive: true });
  const text = readFileSync(join(copy, name), 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(join(copy, name), change(text));
  return copy;
}

const other = (digest: string) => `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`;

test('a run with faults and state is the same in any pool, and is left as it was', { timeout: 60_000 }, async () => {
  const { directory, digest, rounds, lines, updates } = await run(scenario, '--pool', 'process');
  expect(new Set(lines.flatMap(({ fault }) => fault ?? []))).toEqual(new Set(['byzantine', 'drop', 'corrupt']));
  const before = contents(directory);
  const verdict = { rounds, updates: updates.length, leftOut: 0, same: true, digest, differs: null };
  for (const options of [[], ['--pool', 'inline']]) {
    const { code, stdout, stderr } = await replay(directory, '--json', ...options);
    expect([code, stderr, JSON.parse(stdout)]).toEqual([0, '', verdict]);
  }
  const { code, stdout, stderr } = await runCommand(['replay', directory]);
  expect(stdout).toBe(`12 rounds, ${updates.length} updates: the same, bit for bit\n  digest: ${digest}\n`);
  expect([code, stderr]).toEqual([0, expect.stringContaining('replay of 12 rounds · worker pool, 2 workers')]);
  expect(contents(directory)).toEqual(before);
});

test('of changed records the first round and client that differ are named', { timeout: 60_000 }, async () => {
  const { directory, digest, updates } = await run(scenario, '--pool', 'inline');
  const line = updates.find(({ round }) => round === 7) as Line;
  const { round, client, updateDigest } = line;
  const until = updates.filter((each) => each.round < 7).length;
  const rounds = readLines(join(directory, 'rounds.jsonl')) as { digest: string }[];
  const at = { round, client };
  const left = (where: string) => `the replay left the run in round 7${where}\n`;
  const text = (part: object) => `${JSON.stringify(part)}\n`;
  const { found, expected } = { found: '  found:    ', expected: '  expected: ' };
  const cases: [string, (records: string) => string, object, string[]][] = [
    [
      'clients.jsonl',
      (records) => records.replace(updateDigest, other(updateDigest)),
      { rounds: 7, updates: until, digest: rounds[7].digest, differs: at },
      [
        left(`, at client ${client}`),
        `${found}an update with SHA-256 ${updateDigest}\n`,
        `${expected}an update with SHA-256 ${other(updateDigest)}, as in clients.jsonl\n`,
      ],
    ],
    [
      'clients.jsonl',
      (records) => records.replace(text(line), ''),
      { rounds: 7, updates: until, differs: at },
      [left(`, at client ${client}`), `${expected}no update, as in clients.jsonl\n`],
    ],
    [
      'rounds.jsonl',
      (records) => records.replace(rounds[7].digest, 'f'.repeat(64)),
      { rounds: 7, updates: until, digest: rounds[7].digest, differs: { round: 7, client: null } },
      [
        left(''),
        `${found}weights with SHA-256 ${rounds[7].digest}\n`,
        `${expected}${'f'.repeat(64)}, as in rounds.jsonl\n`,
      ],
    ],
    [
      'summary.json',
      (summary) => summary.replace(digest, other(digest)),
      { rounds: 12, updates: updates.length, digest, differs: { round: 11, client: null } },
      ['summary.json does not say', `${expected}12 rounds, ${other(digest)}`],
    ],
    [
      'rounds.jsonl',
      (records) => records.replace(/.*\n$/, ''),
      { rounds: 11, digest: rounds[10].digest, differs: { round: 10, client: null } },
      ['summary.json does not say', `${found}11 rounds`],
    ],
  ];
  for (const [name, change, verdict, said] of cases) {
    const { code, stdout, stderr } = await replay(changed(directory, name, change), '--json', '--pool', 'inline');
    expect([code, JSON.parse(stdout)]).toEqual([1, expect.objectContaining({ same: false, ...verdict })]);
    expect(stderr).toMatch(/^error REPLAY_DIFFERS: /);
    for (const part of said) expect(stderr).toContain(part);
  }
});

test('what is no record, no run, or half a question is refused with exit code 2', async () => {
  const { directory, updates } = await run(scenario, '--pool', 'inline');
  const refusals: [string, string][] = [
    [changed(directory, 'clients.jsonl', (text) => text.replace('{', '{{')), 'RECORDS_INVALID: .*clients.jsonl'],
    [changed(directory, 'clients.jsonl', (text) => text + text), 'RECORDS_INVALID: .*clients.jsonl'],
    [
      changed(directory, 'rounds.jsonl', (text) => text.replace('"round":3', '"round":4')),
      'RECORDS_INVALID: .*rounds.jsonl',
    ],
    [changed(directory, 'rounds.jsonl', () => ''), 'REPLAY_UNKNOWN: '],
    [changed(directory, 'scenario.yaml', (text) => text.replace('seed: 6', 'seed: 7')), 'RUN_CHANGED: '],
  ];
  for (const [folder, said] of refusals) {
    const { code, stderr } = await replay(folder, '--pool', 'inline');
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^error ${said}`))]);
  }
  const { round } = updates[0];
  for (const [options, needs] of [
    [['--round', `${round}`], "needs '--client <c>'"],
    [['--export', temporaryFolder()], "needs '--round <r>' and '--client <c>'"],
  ] as const) {
    const { code, stdout, stderr } = await replay(directory, ...options);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(needs)]);
  }
});

test('a run that was killed is replayed as far as it came', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'audited.yaml');
  writeFileSync(file, scenario.replace('rounds: 12', 'rounds: 400'));
  const directory = await killAfter(['run', file, '--out', folder, '--pool', 'inline'], 8);
  if (directory === undefined) throw new Error('it ended before it was killed');
  const rounds = readLines(join(directory, 'rounds.jsonl')) as { digest: string }[];
  expect(rounds.length).toBeGreaterThanOrEqual(8);
  const { code, stdout } = await replay(directory, '--json');
  const { digest } = rounds[rounds.length - 1];
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    expect.objectContaining({ rounds: rounds.length, same: true, digest }),
  ]);
});

const stragglers = readFileSync(join(repository, 'scenarios/stragglers.yaml'), 'utf8').replace(
  /\nvariants:[\s\S]*/,
  '\n',
);

test.each([
  [
    'asynchronous',
    stragglers,
    ['federation.algorithm={ kind: fedbuff, bufferSize: 4, maxStaleness: 20 }', 'federation.rounds=15'],
  ],
  ['late by the clock of its devices', stragglers, ['federation.rounds=12']],
  [
    'of clients with state',
    scenario.replace('{ kind: momentum }', '{ kind: sgd }'),
    ['federation.algorithm={ kind: scaffold }'],
  ],
  [
    'of a hierarchy',
    scenario,
    ['federation.hierarchy={ edges: 3, period: 2 }', 'schedules.batchSize=8', 'pool.workers=3'],
  ],
])('a run that is %s has the same digests', { timeout: 60_000 }, async (_, text, changes) => {
  const set = changes.flatMap((change) => ['--set', change]);
  const { directory, digest, rounds, updates } = await run(text, '--pool', 'worker', ...set);
  const { code, stdout, stderr } = await replay(directory, '--json');
  expect([code, stderr, JSON.parse(stdout)]).toEqual([
    0,
    '',
    { rounds, updates: updates.length, leftOut: 0, same: true, digest, differs: null },
  ]);
});
