/** Virtual time: the same in every pool, whatever the real time; and what the stragglers scenario promises. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientRecord, RoundRecord, Summary } from 'fedtempo/server/store/records.js';
import { describe, expect, test } from 'vitest';
import { readLines, runCommand, temporaryFolder } from '../support/processes.js';

const scenario = 'scenarios/stragglers.yaml';

interface Ran {
  readonly summary: Summary;
  readonly rounds: RoundRecord[];
  readonly clients: ClientRecord[];
}

/** The base run and its variants, by what follows the scenario's name. */
async function runAll(args: readonly string[]): Promise<ReadonlyMap<string, Ran>> {
  const out = temporaryFolder();
  const { code, stdout, stderr } = await runCommand(['run', scenario, '--quiet', '--json', '--out', out, ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const summaries = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Summary);
  return new Map(
    summaries.map((summary) => {
      const lines = (file: string) => readLines(join(summary.directory, file)) as unknown;
      const ran = {
        summary,
        rounds: lines('rounds.jsonl') as RoundRecord[],
        clients: lines('clients.jsonl') as ClientRecord[],
      };
      return [summary.name.replace('stragglers', '').slice(1), ran];
    }),
  );
}

/** Everything recorded but real time, the wire, and which worker it was. */
const results = ({ rounds, clients }: Ran) => ({
  rounds: rounds.map(({ ms: _, bytesDown: __, bytesUp: ___, totalBytes: ____, ...rest }) => rest),
  clients: clients.map((client) => ({ ...client, worker: null, ...(client.kind === 'update' ? { trainMs: 0 } : {}) })),
});

const short = [
  '--set',
  'federation.rounds=24',
  '--set',
  'stop={}',
  '--set',
  'schedules.learningRate={kind: linear, start: 0.2, end: 0.02}',
];

test('synchronous, late and asynchronous runs give the same bits and records in every pool', async () => {
  const [inline, ...others] = await Promise.all([
    runAll([...short, '--pool', 'inline']),
    runAll([...short, '--pool', 'worker', '--workers', '1']),
    runAll([...short, '--pool', 'worker', '--workers', '3']),
    runAll([...short, '--pool', 'process', '--workers', '2']),
  ]);
  expect([...inline.keys()]).toEqual(['', 'deadline', 'fedbuff', 'fedasync']);
  for (const other of others) {
    for (const [name, ran] of other) {
      expect(ran.summary.digest).toBe(inline.get(name)?.summary.digest);
      expect(results(ran)).toEqual(results(inline.get(name) as Ran));
    }
  }
  const digests = [...inline.values()].map(({ summary }) => summary.digest);
  expect(new Set(digests).size).toBe(4);

  const { rounds, clients } = inline.get('deadline') as Ran;
  for (const { cohort, replies, failures, surplus, simulatedSeconds, round } of rounds) {
    expect(cohort).toHaveLength(15);
    expect(replies + failures.length + surplus.length).toBe(15);
    expect(simulatedSeconds).toBeGreaterThan(round);
  }
  const codes = new Set(rounds.flatMap(({ failures }) => failures.map(({ code }) => code)));
  expect([...codes].sort()).toEqual(['dropped-out', 'late']);
  // Nobody trained whose update was known not to count.
  const trained = clients.filter(({ kind }) => kind === 'update').length;
  expect(trained).toBe(rounds.reduce((sum, { replies }) => sum + replies, 0));
  expect(clients.filter(({ worker }) => worker === null)).toHaveLength(clients.length - trained);

  const buffered = inline.get('fedbuff') as Ran;
  for (const { replies, round } of buffered.rounds) {
    expect(replies).toBe(5);
    const counted = buffered.clients.filter((client) => client.kind === 'update' && client.round === round);
    for (const client of counted) {
      if (client.kind !== 'update') continue;
      expect((client.startVersion as number) + (client.staleness as number)).toBe(round);
      // What a client used is what the schedule says for the version it began with: 0.2 falls to 0.02 over 24.
      expect(client.learningRateFirst).toBeCloseTo(0.2 - (0.18 * (client.startVersion as number)) / 24, 3);
    }
  }
  expect(Math.max(...buffered.rounds.map(({ meanStaleness }) => meanStaleness ?? 0))).toBeGreaterThan(0);
});

describe.each([1, 2])('seed %d', (seed) => {
  test('FedBuff reaches the target in a fraction of the simulated time of synchronous rounds, for less energy', async () => {
    const ran = await runAll(['--seed', String(seed), '--pool', 'worker']);
    const of = (name: string) => (ran.get(name) as Ran).summary;
    for (const { summary } of ran.values()) {
      expect(summary.outcome).toBe('target');
      expect(summary.simulatedSecondsToTarget).toBe(summary.simulatedSeconds);
    }
    const seconds = (name: string) => of(name).simulatedSecondsToTarget as number;
    expect(seconds('fedbuff')).toBeLessThan(seconds('') / 4);
    expect(seconds('deadline')).toBeLessThan(seconds('') / 4);
    expect(of('fedbuff').simulatedJoules).toBeLessThan(of('').simulatedJoules as number);
  });
});

test('faults of the scenario act in virtual time, and are told from what the device model does', async () => {
  const faults =
    '[{ kind: drop, probability: 0.2 }, { kind: delay, seconds: 5, probability: 0.3 }, { kind: duplicate, probability: 0.1 }]';
  const args = [...short, '--set', `faults=${faults}`, '--pool'];
  const [inline, worker] = await Promise.all([runAll([...args, 'inline']), runAll([...args, 'worker'])]);
  const all: RoundRecord['failures'][number][] = [];
  for (const [name, ran] of inline) {
    expect(results(worker.get(name) as Ran)).toEqual(results(ran));
    const failures = ran.rounds.flatMap((round) => round.failures);
    const struck = failures.filter(({ fault }) => fault === 'drop');
    expect(struck.length).toBeGreaterThan(3);
    expect(struck.every(({ code }) => code === 'dropped-out')).toBe(true);
    all.push(...failures);
    expect(ran.rounds.some(({ faults }) => (faults.delay ?? 0) > 0)).toBe(true);
    // Whoever is silenced leaves its place to others: asynchronous steps have all their replies.
    if (name.startsWith('fed')) expect(ran.rounds.every(({ replies }) => replies === ran.rounds[0].replies)).toBe(true);
  }
  expect(new Set(all.filter(({ fault }) => fault === undefined).map(({ code }) => code))).toEqual(
    new Set(['dropped-out', 'late']),
  );
});

test('the simulated time of a synchronous run is what its rounds take by hand', async () => {
  // One class, nothing left to chance: all clients of a round take the same time.
  const ran = await runAll([
    '--set',
    'devices={classes: [{name: same, examplesPerSecond: 150, downloadMbps: 1, uploadMbps: 0.5, computeWatts: 2, radioWatts: 1}]}',
    '--set',
    'variants={}',
    '--set',
    'federation.rounds=3',
    '--set',
    'data.partition.clients=30',
  ]);
  // 50 examples a client and 5 epochs: 250/150 s of training. 8(4 · 2410 + 512) bits, down at 1 Mbit/s, up at half of it.
  const megabits = (8 * (4 * 2410 + 512)) / 1e6;
  const each = 250 / 150 + megabits + 2 * megabits;
  const { rounds } = ran.get('') as Ran;
  rounds.forEach(({ simulatedSeconds, simulatedJoules, simulatedBytes }, round) => {
    expect(simulatedSeconds).toBeCloseTo((round + 1) * each, 9);
    expect(simulatedJoules).toBeCloseTo((round + 1) * 10 * ((2 * 250) / 150 + 3 * megabits), 6);
    expect(simulatedBytes).toBe((round + 1) * 20 * (4 * 2410 + 512));
  });
});

test('the run directory stores the scenario with its devices, and it gives the same bits again', async () => {
  const first = (await runAll([...short, '--set', 'variants={}'])).get('') as Ran;
  const again = join(first.summary.directory, 'scenario.yaml');
  expect(readFileSync(again, 'utf8')).toContain('old-phone');
  const out = temporaryFolder();
  const { stdout } = await runCommand(['run', again, '--quiet', '--json', '--out', out]);
  expect((JSON.parse(stdout) as Summary).digest).toBe(first.summary.digest);
});
