/** Rounds with clients that come late, leave, or are slow: who is asked, who is waited for, and for how long. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Population } from '../support/population.mjs';
import { readLines, temporaryFolder } from '../support/processes.js';

/** With tens of thousands of `localSteps` a client trains long enough for something to happen to it. */
function served(options: {
  rounds: number;
  cohort: number;
  localSteps?: number;
  serve: string;
  clientsPerHost: number;
}) {
  const { rounds, cohort, localSteps = 20, serve, clientsPerHost } = options;
  const text = `
schemaVersion: 1
name: served-rounds
seed: 4
data: { dataset: digits, partition: { kind: iid, clients: 4 } }
model: { kind: mlp, hidden: [16], activation: relu }
federation: { rounds: ${rounds}, cohort: { size: ${cohort} }, minimumReplies: 1, localSteps: ${localSteps} }
schedules: { learningRate: 0.05, batchSize: 8 }
evaluation: { every: 100 }
serve: { ${serve} }
`;
  const population = new Population(temporaryFolder(), text, { hosts: 4 / clientsPerHost, clientsPerHost });
  onTestFinished(() => population.stop());
  return population;
}

const roundsOf = ({ directory }: Population) => readLines(join(directory, 'rounds.jsonl'));

test('a client that comes while a round is open is asked from the next one on', { timeout: 60_000 }, async () => {
  const serve = 'quorum: 2, overSelection: 2, deadlineSeconds: 60';
  const population = served({ rounds: 2, cohort: 2, localSteps: 20_000, serve, clientsPerHost: 2 });
  await population.serve();
  void population.join(0);
  await population.until(({ type }) => type === 'training');
  // The round stays open until the others are there.
  population.signal(0, 'SIGSTOP');
  void population.join(1);
  let joined = 0;
  await population.until(({ msg, client = 0 }) => msg === 'client joined' && client >= 2 && ++joined === 2);
  expect(population.log.filter(({ msg }) => msg === 'round committed')).toEqual([]);
  population.signal(0, 'SIGCONT');
  expect((await population.ended).code).toBe(0);
  const cohorts = roundsOf(population).map(({ cohort }) => cohort);
  expect(cohorts[0]).toEqual([0, 1]);
  expect(cohorts[1]).toEqual([0, 1, 2, 3]);
});

test('a client that leaves says goodbye, and its round goes on at once without it', { timeout: 60_000 }, async () => {
  // Neither the deadline nor the wait for a lost client ends within the test.
  const serve = 'quorum: 4, deadlineSeconds: 300, lostAfterSeconds: 300';
  const population = served({ rounds: 1, cohort: 4, localSteps: 30_000, serve, clientsPerHost: 1 });
  await population.serve();
  population.joinAll();
  await population.until(({ type, host }) => type === 'training' && host === 3);
  const left = await population.signal(3, 'SIGINT');
  expect(left.code).toBe(130);
  expect((await population.ended).code).toBe(0);
  const [{ cohort, replies, failures }] = roundsOf(population);
  expect({ cohort, replies, failures }).toEqual({
    cohort: [0, 1, 2, 3],
    replies: 3,
    failures: [{ client: 3, code: 'client-lost', reason: 'client 3 has left' }],
  });
  expect(population.log.filter(({ msg, client }) => msg === 'client left' && client === 3)).toMatchObject([
    { close: 'GOODBYE' },
  ]);
});

test('an adaptive deadline follows what rounds take, and one that was met is longer the next time', {
  timeout: 60_000,
}, async () => {
  const serve = 'quorum: 4, deadlineSeconds: { percentile: 0.5, factor: 3, atLeast: 0.4, atMost: 30 }';
  const population = served({ rounds: 8, cohort: 4, serve, clientsPerHost: 1 });
  await population.serve();
  const closed = population.until(({ msg, round }) => msg === 'round committed' && round === 3);
  population.joinAll();
  await closed;
  population.signal(2, 'SIGSTOP');
  // The first rounds had thirty seconds; now they are closed by a deadline that is far shorter.
  await population.until(({ closing }) => closing === 'deadline');
  await population.until(({ closing }) => closing === 'deadline');
  population.signal(2, 'SIGCONT');
  expect((await population.ended).code).toBe(0);
  const met = population.log.filter(({ closing }) => closing === 'deadline');
  expect(met.length).toBeGreaterThanOrEqual(2);
  for (const { ms } of met) expect(ms).toBeLessThan(15_000);
  const { failures } = roundsOf(population).find(({ replies }) => replies === 3) as { failures: unknown };
  expect(failures).toMatchObject([{ client: 2, code: 'late' }]);
});
