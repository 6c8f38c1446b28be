/** Where a run's time went: the table in the summary and on the terminal, and the trace. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand, temporaryFolder } from '../support/processes.js';

interface Row {
  readonly thread: string;
  readonly idle: number;
  readonly train?: number;
}

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: { readonly name?: string; readonly client?: number; readonly round?: number };
}

async function run(pool: string) {
  const out = temporaryFolder();
  const args = ['run', 'scenarios/digits-quick.yaml', '--set', 'federation.rounds=4', '--pool', pool];
  const ended = await runCommand([...args, '--json', '--profile', '--out', out]);
  expect(ended.code).toBe(0);
  const summary = JSON.parse(ended.stdout) as {
    times: Row[];
    directory: string;
    loopDelayMs: { p99: number; max: number };
  };
  const trace = JSON.parse(readFileSync(join(summary.directory, 'trace.json'), 'utf8')) as { traceEvents: Event[] };
  return { ...ended, ...summary, events: trace.traceEvents };
}

test.each([
  ['inline', ['coordinator']],
  ['worker', ['coordinator', 'thread 0', 'thread 1']],
  ['process', ['coordinator', 'evaluation 0', 'evaluation 1', 'process 0', 'process 1']],
])('the time table of the %s pool has a row for each thread, and the trace a track', async (pool, threads) => {
  const { times, stderr, events, loopDelayMs } = await run(pool);
  expect(times.map(({ thread }) => thread).sort()).toEqual(threads);
  expect(times.every((row) => Object.values(row).every((value) => typeof value === 'string' || value >= 0))).toBe(true);
  expect(stderr).toMatch(/time .*train.*idle\n/);
  expect(loopDelayMs).toEqual({ p99: expect.any(Number), max: expect.any(Number) });
  expect(loopDelayMs.p99).toBeLessThanOrEqual(loopDelayMs.max);

  const names = new Map(events.filter(({ ph }) => ph === 'M').map(({ tid, args }) => [tid, args.name]));
  expect([...names.values()].sort()).toEqual(threads);
  const spans = events.filter(({ ph }) => ph === 'X');
  // Each of the 4 rounds trains the cohort of 5, and no client twice.
  const trained = spans.filter(({ name }) => name === 'train').map(({ args }) => `${args.round}/${args.client}`);
  expect(new Set(trained).size).toBe(trained.length);
  for (let round = 0; round < 4; round++) {
    expect(trained.filter((one) => one.startsWith(`${round}/`)).length).toBe(5);
  }
  expect(spans.every(({ ts, dur }) => ts >= 0 && dur >= 0)).toBe(true);
});
