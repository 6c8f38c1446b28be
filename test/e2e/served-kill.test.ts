/**
 * The coordinator killed wherever it hurts and started again at once: nothing that a client was told counts is lost, nothing
 * counts twice, and the weights are those of a run that nobody disturbed. test/soak/kills.mjs does more of the same.
 */
import { expect, test } from 'vitest';
import { killAt, killPoints, randomKills } from '../support/kills.mjs';
import { expectRightEnd, servedRuns } from '../support/served-runs.js';

const served = servedRuns();

test.concurrent('killed at every place where something could be lost or doubled', { timeout: 300_000 }, async () => {
  const run = await served({ rounds: 60 });
  const clients = run.join();
  for (const [index, place] of killPoints.entries()) {
    const { wrongs, listeningMs } = await killAt(run, place, 1 + (index % 4));
    expect({ place, wrongs, listened: listeningMs !== undefined }).toEqual({ place, wrongs: [], listened: true });
  }
  await expectRightEnd(run, clients);
});

test.concurrent('killed with kill -9 at six moments that nobody chose', { timeout: 300_000 }, async () => {
  const run = await served({ rounds: 150 });
  const clients = run.join();
  const kill = randomKills(7);
  for (let count = 0; count < 6; count++) expect((await kill(run)).wrongs).toEqual([]);
  await expectRightEnd(run, clients);
});
