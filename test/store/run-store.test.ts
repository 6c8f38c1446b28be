import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCheckpoint } from 'fedtempo/server/store/checkpoint.js';
import type { ClientRecord, RoundRecord } from 'fedtempo/server/store/records.js';
import { RunStore } from 'fedtempo/server/store/run-store.js';
import { expect, test } from 'vitest';
import { facts, layout, weights } from '../support/checkpoint.js';
import { readLines, temporaryFolder } from '../support/processes.js';

/** A round of `round + 1` replies, so that lines of the two files never agree by chance. */
function lines(round: number): [RoundRecord, ClientRecord[]] {
  const counts = { examples: 10, steps: 2, bytesDown: 5, bytesUp: 6, failures: [], testLoss: null, testAccuracy: null };
  const totals = { totalExamples: 10 * (round + 1), totalSteps: 2 * (round + 1), totalBytes: 11 * (round + 1) };
  const record = { round, ...counts, ...totals, digest: `digest ${round}` } as unknown as RoundRecord;
  const replies = Array.from({ length: round + 1 }, (_, client) => ({ round, client }) as unknown as ClientRecord);
  return [record, replies];
}

/** A run directory of 6 rounds with checkpoints after 3 and 5, as a process that was killed leaves it. */
function killed() {
  const manifest = { version: '0' };
  const options = { out: temporaryFolder(), name: 'a', seed: 1, startedAt: new Date(0), scenarioText: 'a', manifest };
  const store = RunStore.create(options);
  for (let round = 0; round < 6; round++) {
    store.appendRound(...lines(round));
    const saved = { ...facts, rounds: round + 1, lines: store.lines };
    if (round === 2 || round === 4) store.checkpoint(encodeCheckpoint(saved, layout, weights));
  }
  store.close();
  const { directory } = store;
  return { directory, rounds: join(directory, 'rounds.jsonl'), clients: join(directory, 'clients.jsonl') };
}

const anything = () => {};
const cutTo = (file: string, count: number) =>
  writeFileSync(file, readFileSync(file, 'utf8').split('\n').slice(0, count).join('\n').concat('\n'));

test('records are cut back to the checkpoint and go on from there', () => {
  const { directory, rounds, clients } = killed();
  const before = { rounds: readFileSync(rounds, 'utf8'), clients: readFileSync(clients, 'utf8') };
  const { store, checkpoint, refused, rounds: kept } = RunStore.reopen(directory, anything);
  expect([checkpoint?.rounds, refused]).toEqual([5, undefined]);
  expect(kept).toEqual([0, 1, 2, 3, 4].map((round) => lines(round)[0]));
  expect(store.lines).toEqual({ rounds: 5, clients: 15 });
  expect(readLines(rounds)).toHaveLength(5);
  expect(readLines(clients)).toHaveLength(15);
  store.appendRound(...lines(5));
  store.close();
  expect({ rounds: readFileSync(rounds, 'utf8'), clients: readFileSync(clients, 'utf8') }).toEqual(before);
});

test('a torn last line is dropped', () => {
  const { directory, rounds, clients } = killed();
  for (const file of [rounds, clients]) appendFileSync(file, '{"round":');
  RunStore.reopen(directory, anything).store.close();
  expect([readLines(rounds).length, readLines(clients).length]).toEqual([5, 15]);
});

test('with a damaged newest checkpoint the records are cut back to the one before', () => {
  const { directory, rounds, clients } = killed();
  truncateSync(join(directory, 'checkpoint.safetensors'), 200);
  const { store, checkpoint, refused } = RunStore.reopen(directory, anything);
  store.close();
  expect([checkpoint?.rounds, refused?.code]).toEqual([3, 'CHECKPOINT_INVALID']);
  expect([readLines(rounds).length, readLines(clients).length]).toEqual([3, 6]);
});

test('without a checkpoint it begins anew', () => {
  const options = { out: temporaryFolder(), name: 'a', seed: 1, startedAt: new Date(0), scenarioText: 'a' };
  const begun = RunStore.create({ ...options, manifest: {} });
  begun.appendRound(...lines(0));
  begun.close();
  const { store, checkpoint, rounds } = RunStore.reopen(begun.directory, anything);
  expect([checkpoint, rounds, store.lines]).toEqual([undefined, [], { rounds: 0, clients: 0 }]);
  store.close();
  expect(readFileSync(join(begun.directory, 'rounds.jsonl'), 'utf8')).toBe('');
});

test.each([
  ['fewer rounds', (run: ReturnType<typeof killed>) => cutTo(run.rounds, 1), /found: {4}1 lines/],
  ['fewer replies', (run: ReturnType<typeof killed>) => truncateSync(run.clients, 100), /found: {4}\d lines/],
  [
    'a round that is not in its place',
    ({ rounds }: ReturnType<typeof killed>) =>
      writeFileSync(rounds, readFileSync(rounds, 'utf8').replace('{"round":2', '{"round":7')),
    /found: {4}line 3: round 7\n {2}expected: the line of round 2/,
  ],
  [
    'a line that is no JSON',
    ({ rounds }: ReturnType<typeof killed>) =>
      writeFileSync(rounds, readFileSync(rounds, 'utf8').replace('{"round":2', '["round":2')),
    /found: {4}line 3: /,
  ],
])('%s than the checkpoint belongs to is refused, and nothing is cut', (_, damage, message) => {
  const run = killed();
  damage(run);
  const before = [readFileSync(run.rounds), readFileSync(run.clients)];
  expect(() => RunStore.reopen(run.directory, anything)).toThrow(message);
  expect([readFileSync(run.rounds), readFileSync(run.clients)]).toEqual(before);
  expect(readdirSync(run.directory)).not.toContain('run.lock');
});

test('what is not accepted is left as it was', () => {
  const { directory, rounds } = killed();
  const refuse = () => {
    throw new Error('another scenario');
  };
  expect(() => RunStore.reopen(directory, refuse)).toThrow('another scenario');
  expect(readLines(rounds)).toHaveLength(6);
  RunStore.reopen(directory, anything).store.close();
});

test('a directory that is at work is not taken', () => {
  const { directory } = killed();
  const { store } = RunStore.reopen(directory, anything);
  expect(() => RunStore.reopen(directory, anything)).toThrow(/the run is being run already/);
  store.close();
  RunStore.reopen(directory, anything).store.close();
});
