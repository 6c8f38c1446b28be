/**
 * Replay of a served run: real clients that are asked in excess, fall asleep and are killed; then, without any of them, the
 * same rounds and the same updates.
 */

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandFile, readLines, runCommand, temporaryFolder } from '../support/processes.js';

/** All nine are asked, six count. */
const scenario = `
schemaVersion: 1
name: audited-served
seed: 8
data: { dataset: digits, partition: { kind: shards, clients: 9 } }
model: { kind: mlp, hidden: [16], activation: tanh }
federation: { rounds: 30, cohort: { size: 6 }, localEpochs: 3, minimumReplies: 2 }
schedules:
  learningRate: { kind: exponential, start: 0.05, factor: 0.999, unit: step }
  batchSize: { kind: growBatchOnPlateau, start: 8, max: 32, patience: 3 }
  serverMomentum: 0.5
faults:
  - { kind: byzantine, attack: signFlip, clients: [1, 6], probability: 0.5 }
  - { kind: drop, probability: 0.03 }
  - { kind: corrupt, how: nan, probability: 0.03 }
serve: { quorum: 5, overSelection: 1.5, deadlineSeconds: 2, lostAfterSeconds: 0.2 }
`;

type Line = Record<string, unknown> & { round: number; client: number; kind: string; code?: string; fault?: string };
type Round = { round: number; cohort: number[]; digest: string; replies: number };

const folder = mkdtempSync(join(tmpdir(), 'fedtempo-test-'));
const directory = join(folder, 'run');
let digest: string;
let lines: Line[];
let rounds: Round[];

/** Starts the command; what it says on standard error goes to `onText`, whole so far. */
function start(args: readonly string[], onText: (said: string) => void) {
  const child = spawn(process.execPath, [commandFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    onText(said);
  });
  const ended = new Promise<{ code: number | null; stdout: string; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, said })),
  );
  return { child, ended };
}

/** Five clients stay; the process of the four others stops in the middle of the run, and is killed once it was late. */
beforeAll(async () => {
  const file = join(folder, 'audited-served.yaml');
  writeFileSync(file, scenario);
  const clients: ReturnType<typeof start>[] = [];
  const joining = (url: string, first: number, count: number, onText: (said: string) => void) => {
    const shards = ['--simulate-shard', String(first), '--clients', String(count)];
    clients.push(start(['join', url, ...shards, '--identity', join(folder, `identity-${first}`)], onText));
  };
  const options = ['--port', '0', '--run', directory, '--quiet', '--json', '--log-level', 'debug'];
  let stoppedAt: number | undefined;
  let killed = false;
  const server = start(['serve', file, ...options], (said) => {
    const url = /listening on (\S+)/.exec(said)?.[1];
    if (url !== undefined && clients.length === 0) {
      // The quorum cannot be there without the others, who come when these four are.
      joining(url, 5, 4, (told) => {
        if (clients.length === 1 && told.split('joined as').length > 4) joining(url, 0, 5, () => {});
      });
    }
    const sleeper = clients.at(0)?.child;
    // Six have replied before three others then: from now on six never do.
    if (stoppedAt === undefined && said.includes('"code":"surplus"') && sleeper?.kill('SIGSTOP'))
      stoppedAt = said.length;
    // The round that follows waits for them, so they are lost in its midst.
    if (!killed && stoppedAt !== undefined && said.includes('"code":"late"', stoppedAt))
      killed = sleeper?.kill('SIGKILL') === true;
  });
  try {
    const { code, stdout, said } = await server.ended;
    if (code !== 0) throw new Error(said.slice(-2000));
    ({ digest } = JSON.parse(stdout) as { digest: string });
  } finally {
    for (const { child } of [...clients, server]) child.kill('SIGKILL');
    await Promise.all(clients.map(({ ended }) => ended));
  }
  lines = readLines(join(directory, 'clients.jsonl')) as Line[];
  rounds = readLines(join(directory, 'rounds.jsonl')) as unknown as Round[];
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replay = (run: string, ...options: string[]) => runCommand(['replay', run, '--quiet', '--json', ...options]);

function changed(name: string, change: (text: string) => string): string {
  const copy = join(temporaryFolder(), 'copy');
  cpSync(directory, copy, { recursive: true });
  const text = readFileSync(join(copy, name), 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(join(copy, name), change(text));
  return copy;
}

test('the run is one whose contributors are others than its cohorts', () => {
  const codes = new Set(lines.flatMap(({ code, fault }) => (fault === undefined ? (code ?? []) : [])));
  expect([...codes].sort()).toEqual(expect.arrayContaining(['client-lost', 'late', 'surplus']));
  expect(rounds).toHaveLength(30);
  // In any other pool six are asked in each round: the seed alone does not say what happened here.
  const everybody = rounds.filter(({ cohort }) => cohort.length === 9);
  expect(everybody.length).toBeGreaterThan(0);
  for (const { replies } of everybody) expect(replies).toBeLessThanOrEqual(6);
  expect(rounds[29].cohort).toEqual([0, 1, 2, 3, 4]);
});

test.each([[[]], [['--pool', 'process', '--workers', '3']]])(
  'the whole run has the same digests without its clients, with %j',
  async (options) => {
    const files = readdirSync(directory).filter((name) => !name.startsWith('journal'));
    const contents = () => files.map((name) => readFileSync(join(directory, name)));
    const before = contents();
    const { code, stdout, stderr } = await replay(directory, ...options);
    const counted = lines.filter(({ kind }) => kind === 'update').length;
    const circumstances = ['client-lost', 'late', 'surplus'];
    const leftOut = lines.filter(({ code: why = '' }) => circumstances.includes(why)).length;
    expect([code, stderr, JSON.parse(stdout)]).toEqual([
      0,
      '',
      { rounds: 30, updates: counted, leftOut, same: true, digest, differs: null },
    ]);
    expect(contents()).toEqual(before);
  },
);

test('one update has the same digest: beside late ones, tampered with, and of the last', async () => {
  const lateRound = lines.find(({ code, fault }) => code === 'late' && fault === undefined)?.round;
  for (const like of [
    ({ round }: Line) => round === lateRound,
    ({ fault }: Line) => fault === 'byzantine',
    ({ round }: Line) => round === 29,
  ]) {
    const line = lines.find((each) => each.kind === 'update' && like(each)) as Line;
    const options = ['--round', String(line.round), '--client', String(line.client)];
    const { code, stdout, stderr } = await replay(directory, ...options);
    expect([code, stderr, JSON.parse(stdout)]).toEqual([
      0,
      '',
      expect.objectContaining({ round: line.round, same: true, digest: line.updateDigest }),
    ]);
  }
});

test('a contributor that was taken out of its cohort is found by name, and cohorts that cannot be are refused', async () => {
  const { client } = lines.find(({ round, kind }) => round === 1 && kind === 'update') as Line;
  const withCohort = (cohort: (before: number[]) => number[]) => (text: string) => {
    const records = text.split('\n');
    const record = JSON.parse(records[1]) as Round;
    records[1] = JSON.stringify({ ...record, cohort: cohort(record.cohort) });
    return records.join('\n');
  };
  const without = changed(
    'rounds.jsonl',
    withCohort((before) => before.filter((one) => one !== client)),
  );
  const { code, stdout, stderr } = await replay(without, '--pool', 'inline');
  expect([code, JSON.parse(stdout)]).toEqual([
    1,
    expect.objectContaining({ rounds: 1, same: false, differs: { round: 1, client } }),
  ]);
  expect(stderr).toContain(`the replay left the run in round 1, at client ${client}\n  found:    no update\n`);
  for (const cohort of [
    [0, 99],
    [3, 2],
  ]) {
    const impossible = changed(
      'rounds.jsonl',
      withCohort(() => cohort),
    );
    const refused = await replay(impossible, '--pool', 'inline');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^error RECORDS_INVALID: .*rounds\.jsonl/),
    ]);
    expect(refused.stderr).toContain(`line 2: cohort [${cohort}]`);
  }
});

test('clients with data of their own cannot be replayed, which is said before anything is trained', async () => {
  const seat = changed('seats.jsonl', (text) => text.replace('"simulated":true', '"simulated":false'));
  const own = changed('scenario.yaml', () =>
    scenario
      .replace(
        'data: { dataset: digits, partition: { kind: shards, clients: 9 } }',
        'data: { dataset: own, features: 64, classes: 10, examples: 1000, partition: { kind: own, clients: 9 } }',
      )
      .replace('{ kind: growBatchOnPlateau, start: 8, max: 32, patience: 3 }', '8'),
  );
  const { round, client } = lines.find(({ kind }) => kind === 'update') as Line;
  for (const [run, where, options] of [
    [seat, 'seats.jsonl', []],
    [own, 'scenario.yaml', ['--round', String(round), '--client', String(client)]],
  ] as const) {
    const { code, stdout, stderr } = await replay(run, ...options);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^error REPLAY_UNKNOWN: .*${where}: the data are with the clients`));
  }
});
