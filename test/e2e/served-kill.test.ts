/**
 * The coordinator killed wherever it hurts and started again at once: nothing that a client was told counts is lost, nothing
 * counts twice, and the weights are those of a run that nobody disturbed. test/soak/kills.mjs does more of the same.
 */
import { expect, onTestFinished, test } from 'vitest';
import { killAt, killPoints, randomKills } from '../support/kills.mjs';
import { temporaryFolder } from '../support/processes.js';
import { ServedRun } from '../support/served.mjs';

async function served(rounds: number): Promise<ServedRun> {
  const run = await ServedRun.create(temporaryFolder(), { rounds });
  onTestFinished(() => run.stop());
  return run;
}

async function endsRight(run: ServedRun, clients: ReturnType<ServedRun['join']>): Promise<void> {
  const { code, stdout } = await run.serve().ended;
  expect(code).toBe(0);
  expect((await clients.ended).code).toBe(0);
  expect(run.wrongs(await run.undisturbed(), JSON.parse(stdout))).toEqual([]);
}

test('killed at every place where something could be lost or doubled', { timeout: 180_000 }, async () => {
  const run = await served(60);
  const clients = run.join();
  for (const [index, place] of killPoints.entries()) {
    const { wrongs, listeningMs } = await killAt(run, place, 1 + (index % 4));
    expect({ place, wrongs, listened: listeningMs !== undefined }).toEqual({ place, wrongs: [], listened: true });
  }
  await endsRight(run, clients);
});

test('killed with kill -9 at six moments that nobody chose', { timeout: 180_000 }, async () => {
  const run = await served(150);
  const clients = run.join();
  const kill = randomKills(7);
  for (let count = 0; count < 6; count++) expect((await kill(run)).wrongs).toEqual([]);
  await endsRight(run, clients);
});
