/** Every kind of fault, end to end: what is recorded, and one digest in every pool. */
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/processes.js';
import { type Ran, runText } from '../support/run.js';

const text = `
schemaVersion: 1
name: faults-test
seed: 3
data: { dataset: digits, partition: { kind: shards, clients: 12 } }
model: { kind: mlp, hidden: [9], activation: tanh }
federation: { rounds: 4, cohort: { size: 6 } }
schedules: { learningRate: 0.2, batchSize: 25 }
`;
const run = (faults: string, ...settings: string[]) => runText(text, [`faults=${faults}`, ...settings]);
const inline = ['pool.kind=inline'];
const others = [
  ['pool.kind=worker', 'pool.workers=3'],
  ['pool.kind=process', 'pool.workers=2'],
];

/** Everything in the records but times, bytes and workers. */
function results({ rounds, clients }: Ran) {
  return {
    rounds: rounds.map(({ ms: _, bytesDown: __, bytesUp: ___, totalBytes: ____, ...rest }) => rest),
    clients: clients.map((record) => ({ ...record, worker: 0, trainMs: 0 })),
  };
}

describe('hitting clients 0 to 5 in rounds 1 and 2', () => {
  test.each([
    ['kind: drop', 'drop', 'dropped-out'],
    ['kind: crash', 'crash', 'client-lost'],
    ['kind: late', 'late', 'late'],
    ['kind: duplicate', 'duplicate', undefined],
    ['kind: byzantine, attack: signFlip, factor: 2', 'byzantine', undefined],
    ['kind: byzantine, attack: scale', 'byzantine', undefined],
    ['kind: byzantine, attack: gaussianNoise, factor: 0.01', 'byzantine', undefined],
    ['kind: byzantine, attack: zero', 'byzantine', undefined],
    ['kind: byzantine, attack: sameValue, factor: 0.01', 'byzantine', undefined],
    ['kind: corrupt, how: nan', 'corrupt', 'non-finite'],
    ['kind: corrupt, how: infinity', 'corrupt', 'non-finite'],
    ['kind: corrupt, how: huge', 'corrupt', 'out-of-range'],
    ['kind: corrupt, how: truncate', 'corrupt', 'wrong-length'],
    ['kind: corrupt, how: wrongExamples', 'corrupt', 'wrong-examples'],
  ])('%s is recorded where it hit, and the pool does not show', async (rule, fault, code) => {
    const faults = `[{ ${rule}, clients: [0, 1, 2, 3, 4, 5], rounds: { from: 1, to: 2 } }]`;
    const ran = await run(faults, ...inline);
    let hits = 0;
    for (const record of ran.clients) {
      const hit = record.client < 6 && (record.round === 1 || record.round === 2);
      hits += Number(hit);
      expect(record.fault).toBe(hit ? fault : undefined);
      expect(record.kind === 'failure' ? record.code : undefined).toBe(hit ? code : undefined);
    }
    expect(hits).toBeGreaterThan(2);
    for (const record of ran.rounds) {
      const struck = record.cohort.filter((client) => client < 6);
      const happens = record.round === 1 || record.round === 2;
      expect(record.faults).toEqual(happens && struck.length > 0 ? { [fault]: struck.length } : {});
      expect(record.failures.map(({ client }) => client)).toEqual(happens && code !== undefined ? struck : []);
      expect(record.failures.every((failure) => failure.fault === fault)).toBe(true);
      expect(record.replies + record.failures.length).toBe(6);
      expect(record.duplicates).toBe(happens && fault === 'duplicate' ? struck.length : 0);
    }
    const clean = await run('[]', ...inline);
    expect(ran.summary.digest === clean.summary.digest).toBe(fault === 'duplicate');
    for (const pool of others) {
      const other = await run(faults, ...pool);
      expect(other.summary.digest).toBe(ran.summary.digest);
      expect(results(other)).toEqual(results(ran));
    }
  });
});

test('clients that drop out, crash or are late are asked by nobody', async () => {
  const faults = '[{ kind: drop, rounds: [0] }, { kind: crash, rounds: [1] }, { kind: late, rounds: [2] }]';
  const { clients } = await run(faults, ...inline);
  expect(clients.map(({ worker }) => worker === null)).toEqual(clients.map(({ round }) => round < 3));
});

test.each(['kind: drop', 'kind: corrupt, how: nan'])(
  'a round in which all clients suffer %s stays uncommitted, and the run goes on',
  async (rule) => {
    const { summary, rounds } = await run(`[{ ${rule}, rounds: [1, 2] }]`, ...inline);
    expect(summary.outcome).toBe('rounds');
    expect(rounds.map(({ committed }) => committed)).toEqual([true, false, false, true]);
    const digests = rounds.map(({ digest }) => digest);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).toBe(digests[0]);
    expect(digests[3]).not.toBe(digests[0]);
    expect(rounds[1]).toMatchObject({ replies: 0, trainLoss: null });
  },
);

test('rules mix: each reply names the one that acted', async () => {
  const faults = `[{ kind: drop, probability: 0.3 }, { kind: byzantine, attack: signFlip, clients: { fraction: 0.5 } },
    { kind: corrupt, how: nan, probability: 0.3 }, { kind: duplicate, probability: 0.5 }]`;
  const ran = await run(faults, 'federation.rounds=8', ...inline);
  const kinds = new Set(ran.clients.map(({ fault }) => fault));
  expect(kinds).toEqual(new Set(['drop', 'byzantine', 'corrupt', 'duplicate', undefined]));
  for (const pool of others) {
    const other = await run(faults, 'federation.rounds=8', ...pool);
    expect(results(other)).toEqual(results(ran));
  }
});

test('validate says what faults a scenario injects', async () => {
  const { code, stdout } = await runCommand([
    ...['validate', 'scenarios/digits-quick.yaml', '--set'],
    'faults=[{ kind: drop, probability: 0.3 }, { kind: byzantine, attack: signFlip, clients: [3], rounds: { from: 2 } }]',
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('\n  fault drop: every client, every round, with probability 0.3\n');
  expect(stdout).toContain('\n  fault byzantine signFlip by 1: client 3, rounds 2 to the last\n');
});
