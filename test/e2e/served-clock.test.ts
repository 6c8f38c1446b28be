/**
 * The wall clock set ten minutes ahead and back while a run is served: deadlines, heartbeats and back-off go by the
 * monotonic clock, so nothing changes; nor where the coordinator is started again in an open round.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { readJournals } from 'fedtempo/server/remote/journal.js';
import { now } from 'fedtempo/server/remote/steady-clock.js';
import { expect, onTestFinished, type TestContext, test, vi } from 'vitest';
import { need } from '../support/need.js';
import { temporaryFolder } from '../support/processes.js';
import { ServedRun } from '../support/served.mjs';
import { type WallClock, wallClock } from '../support/wall-clock.js';

const JUMP_SECONDS = 600;

function clockOf(context: TestContext): WallClock {
  return wallClock(need(context, process.env.FEDTEMPO_FAKETIME, 'FEDTEMPO_FAKETIME'));
}

/** The lines of a coordinator's log that say what became of a round. */
function attempts(log: string): { time: number; round: number; committed: boolean; closing: string; ms: number }[] {
  const lines = log.split('\n').filter((line) => /"msg":"round (committed|abandoned)"/.test(line));
  return lines.map((line) => JSON.parse(line));
}

/** A round that waits for one client alone, who has been stopped: its journal holds the updates of all others. */
async function waitingFor(run: ServedRun, client: number) {
  const waiting = () => {
    const last = readJournals(join(run.directory, 'journal')).at(-1);
    if (last === undefined) throw new Error('no round yet');
    const { cohort, openedAt } = last.opening;
    expect([cohort.includes(client), last.closing, last.updates.length]).toEqual([true, undefined, cohort.length - 1]);
    return openedAt.ms;
  };
  return vi.waitFor(waiting, { timeout: 30_000, interval: 20 });
}

/** Resolves when so much time has passed on the monotonic clock: what the test is about. */
function passed(sinceMs: number, ms: number): Promise<void> {
  return vi.waitFor(() => expect(now().ms - sinceMs).toBeGreaterThan(ms), { timeout: 30_000, interval: 20 });
}

async function served(rounds: number, serve: string): Promise<ServedRun> {
  const run = await ServedRun.create(temporaryFolder(), { rounds, serve });
  onTestFinished(() => run.stop());
  return run;
}

test('the clock that these tests set is the wall clock, and not the monotonic one', (context) => {
  const { environment, set } = clockOf(context);
  const clocks = () => {
    const script = 'console.log(Date.now(), performance.timeOrigin, Number(process.hrtime.bigint() / 1000000n))';
    const { stdout } = spawnSync(process.execPath, ['-e', script], { env: { ...process.env, ...environment } });
    return String(stdout).split(' ').map(Number);
  };
  const [wall, , steady] = clocks();
  set(-JUMP_SECONDS);
  const [wallAfter, , steadyAfter] = clocks();
  expect(wallAfter - wall).toBeLessThan(-1000 * (JUMP_SECONDS - 20));
  expect(steadyAfter - steady).toBeGreaterThan(0);
  expect(steadyAfter - steady).toBeLessThan(20_000);
});

test('ten minutes ahead and back, in rounds and across a restart in an open one: the same weights, nobody lost', {
  timeout: 300_000,
}, async (context) => {
  const { environment, set } = clockOf(context);
  const run = await served(40, '');
  const pingEveryMs = 100;
  const beats = ['--limit', `pingEveryMs=${pingEveryMs}`, '--log-level', 'info'];
  const limits = ['--set', 'serve.deadlineSeconds=30', '--set', 'serve.lostAfterSeconds=30', ...beats];
  const clients = [run.join({ clients: 4, environment }), run.join({ first: 4, clients: 1, environment })];
  const before = run.serve(environment, limits);
  let answers = 0;
  for (const ahead of [JUMP_SECONDS, -JUMP_SECONDS, 0]) {
    answers += 16;
    await run.answersSince(before, answers);
    set(ahead);
  }
  await run.told(({ type, client }) => type === 'answered' && client === 4);
  clients[1].child.kill('SIGSTOP');
  await waitingFor(run, 4);
  // Everybody is idle now: only heartbeats tell the coordinator that they are there.
  set(JUMP_SECONDS);
  await passed(now().ms, 5 * pingEveryMs);
  const sinceFirst = run.events.slice(run.events.findIndex(({ type }) => type === 'answered'));
  expect(sinceFirst.filter(({ type }) => type === 'away')).toEqual([]);
  before.child.kill('SIGKILL');
  const { stderr } = await before.ended;
  set(-JUMP_SECONDS);
  const after = run.serve(environment, limits);
  await after.listening;
  clients[1].child.kill('SIGCONT');
  const ended = await after.ended;
  expect(ended.code).toBe(0);
  const closed = [...attempts(stderr), ...attempts(ended.stderr)];
  expect(closed.map(({ round }) => round)).toEqual([...new Array(40).keys()]);
  expect(new Set(closed.map(({ closing }) => closing))).toEqual(new Set(['quota']));
  const times = closed.map(({ time }) => time);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2 * 1000 * (JUMP_SECONDS - 60));
  expect(run.wrongs(await run.undisturbed(), JSON.parse(ended.stdout))).toEqual([]);
});

test('ten minutes back across a restart leave an open round the rest of its deadline', {
  timeout: 300_000,
}, async (context) => {
  const { environment, set } = clockOf(context);
  const deadlineMs = 5000;
  const run = await served(6, '');
  const limits = ['--set', 'serve.deadlineSeconds=5', '--set', 'federation.minimumReplies=3', '--log-level', 'info'];
  run.join({ clients: 4, environment });
  const stopped = run.join({ first: 4, clients: 1, environment });
  const before = run.serve(environment, limits);
  await run.told(({ type, client }) => type === 'answered' && client === 4);
  stopped.child.kill('SIGSTOP');
  const openedAt = await waitingFor(run, 4);
  await passed(openedAt, deadlineMs / 2);
  before.child.kill('SIGKILL');
  await before.ended;
  set(-JUMP_SECONDS);
  const after = run.serve(environment, limits);
  await after.until(({ stderr }) => attempts(stderr).length > 0);
  const tookMs = now().ms - openedAt;
  expect(tookMs).toBeGreaterThanOrEqual(deadlineMs);
  expect(tookMs).toBeLessThan(1.4 * deadlineMs);
  stopped.child.kill('SIGCONT');
  const { code, stderr } = await after.ended;
  expect(code).toBe(0);
  const [first, ...rest] = attempts(stderr);
  expect(first).toMatchObject({ committed: true, closing: 'deadline' });
  expect(first.ms).toBeGreaterThanOrEqual(deadlineMs);
  expect(rest.map(({ closing }) => closing)).toEqual(rest.map(() => 'quota'));
});
