/** Processes that are killed and runs that are stopped: nothing is lost that was recorded, nothing is left behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childrenOf, isAlive, readLines, runCommand, startCommand, temporaryFolder } from '../support/processes.js';

interface Round {
  readonly failures: { code: string; client: number }[];
  readonly replies: number;
  readonly committed: boolean;
}

/** Rounds of about half a second each: long enough to be hit in the middle. */
const smaller = ['--set', 'data.trainLimit=12000', '--set', 'evaluation.every=3', '--kernels', 'reference'];
const long = ['run', 'scenarios/mnist-2nn.yaml', ...smaller, '--workers', '2'];

function directoryIn(text: string): string {
  return /· (\/\S+)\n/.exec(text)?.[1] ?? '';
}

test('kill -9 of a client process costs replies of its round alone; the run completes and leaves no process', async () => {
  const out = temporaryFolder();
  const run = startCommand([...long, '--set', 'federation.rounds=6', '--json', '--out', out]);
  await run.says(/\n\s+1 .*10\/10/);
  const children = await childrenOf(run.child.pid as number);
  expect(children).toHaveLength(2);
  process.kill(children[0], 'SIGKILL');

  const { code, stdout, stderr } = await run.ended;
  expect(stderr).toMatch(/client process \d ended \(SIGKILL\); starting it again/);
  expect(code).toBe(0);
  const summary = JSON.parse(stdout) as { rounds: number; failures: number; directory: string };
  expect(summary.rounds).toBe(6);
  const rounds = readLines(join(summary.directory, 'rounds.jsonl')) as unknown as Round[];
  const failures = rounds.flatMap((round) => round.failures);
  expect(failures.length).toBe(summary.failures);
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.every((failure) => failure.code === 'client-lost')).toBe(true);
  expect(rounds.every((round) => round.committed)).toBe(true);
  // The process was started again: the last round is whole.
  expect(rounds[5].replies).toBe(10);
  expect((await childrenOf(run.child.pid as number)).filter(isAlive)).toEqual([]);

  // A replay knows who was lost: without that the weights of the last round would not come out again.
  const [client] = (rounds[5] as unknown as { cohort: number[] }).cohort;
  const args = ['replay', summary.directory, '--round', '5', '--client', String(client), '--json', '--quiet'];
  const replayed = await runCommand(args);
  expect([replayed.code, JSON.parse(replayed.stdout)]).toEqual([0, expect.objectContaining({ same: true, from: 0 })]);
});

test('a run whose client processes are all lost for good ends with exit code 1 and keeps its records', async () => {
  const out = temporaryFolder();
  const run = startCommand([...long, '--set', 'pool.restarts=0', '--json', '--out', out]);
  await run.says(/\n\s+1 .*10\/10/);
  for (const child of await childrenOf(run.child.pid as number)) process.kill(child, 'SIGKILL');
  const { code, stdout, stderr } = await run.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/error CLIENTS_UNAVAILABLE/);
  const summary = JSON.parse(stdout) as { outcome: string; directory: string; rounds: number };
  expect(summary.outcome).toBe('failed');
  expect(readLines(join(summary.directory, 'rounds.jsonl'))).toHaveLength(summary.rounds);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops a run cleanly: saved, exit code 130, no process left',
  async (signal) => {
    const out = temporaryFolder();
    const run = startCommand([...long, '--out', out]);
    await run.says(/\n\s+1 .*10\/10/);
    const children = await childrenOf(run.child.pid as number);
    run.child.kill(signal);
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted after \d+ rounds?/);
    expect(children.filter(isAlive)).toEqual([]);
    const directory = directoryIn(stderr);
    const summary = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8')) as Record<string, unknown>;
    const rounds = readLines(join(directory, 'rounds.jsonl'));
    expect(summary.outcome).toBe('interrupted');
    expect(rounds).toHaveLength(summary.rounds as number);
    expect(summary.digest).toBe(rounds.at(-1)?.digest);
  },
);

test('Ctrl-C in a terminal, which reaches the client processes too, is as clean', async () => {
  const out = temporaryFolder();
  const run = startCommand([...long, '--out', out]);
  await run.says(/\n\s+1 .*10\/10/);
  const children = await childrenOf(run.child.pid as number);
  for (const child of children) process.kill(child, 'SIGINT');
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(stderr).not.toMatch(/client process/);
  expect(children.filter(isAlive)).toEqual([]);
});

test('kill -9 of the coordinator itself leaves no client process behind', async () => {
  const out = temporaryFolder();
  const run = startCommand([...long, '--out', out]);
  await run.says(/\n\s+1 .*10\/10/);
  const children = await childrenOf(run.child.pid as number);
  run.child.kill('SIGKILL');
  await run.ended;
  await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

test('a learning rate that makes weights explode ends the run as diverged, with what it recorded', async () => {
  const out = temporaryFolder();
  const args = ['run', 'scenarios/digits-quick.yaml', '--set', 'schedules.learningRate=1e30', '--json', '--out', out];
  const { code, stdout, stderr } = await startCommand(args).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/error RUN_DIVERGED/);
  const summary = JSON.parse(stdout) as { outcome: string; directory: string };
  expect(summary.outcome).toBe('diverged');
  expect(readLines(join(summary.directory, 'rounds.jsonl')).length).toBeGreaterThan(0);
});
