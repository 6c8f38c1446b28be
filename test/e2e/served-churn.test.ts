/**
 * Clients die and sleep in every round: the rounds commit, or are repeated with the model as it was, in time, and the run is what
 * its records say. test/soak/churn.mjs does the same with 100 clients and 50 rounds.
 */
import { expect, test } from 'vitest';
import { killing, stopping } from '../support/churn.mjs';
import { temporaryFolder } from '../support/processes.js';

const twelve = { hosts: 6, clientsPerHost: 2, rounds: 5, cohort: 6, minimumReplies: 4, localSteps: 300 };
const serve = { quorum: 8, overSelection: 1.3, deadlineSeconds: 5, lostAfterSeconds: 0.3, attempts: 100 };

test('with a third of the clients killed in each round every round commits', { timeout: 120_000 }, async () => {
  const options = { ...twelve, serve, share: 1 / 3, withinMs: 100, seed: 3 };
  const { figures, wrongs } = await killing(temporaryFolder(), options);
  expect(wrongs).toEqual([]);
  expect(figures.committed).toBe(5);
  expect(figures.kills).toBeGreaterThanOrEqual(8);
});

test('with two thirds killed the number of replies decides, and an abandoned round changes nothing', {
  timeout: 120_000,
}, async () => {
  const options = { ...twelve, rounds: 3, minimumReplies: 6, serve, share: 2 / 3, withinMs: 60, seed: 4 };
  const { figures, wrongs } = await killing(temporaryFolder(), options);
  expect(wrongs).toEqual([]);
  expect(figures.committed).toBe(3);
  expect(figures.abandoned).toBeGreaterThan(0);
});

test('rounds are closed in time without stopped clients, whose late updates do not count', {
  timeout: 120_000,
}, async () => {
  const serve = { quorum: 12, deadlineSeconds: 0.8, lostAfterSeconds: 0.3 };
  const options = { ...twelve, cohort: 8, minimumReplies: 2, localSteps: 50, stopped: 2, serve };
  const { figures, wrongs } = await stopping(temporaryFolder(), options);
  expect(wrongs).toEqual([]);
  expect(figures.closings.deadline).toBeGreaterThan(0);
  expect(figures.answers.LATE).toBeGreaterThan(0);
});
