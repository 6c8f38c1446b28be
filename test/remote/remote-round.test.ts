/** A round counts a client by one reply: what was recorded as a failure is in no sum, whatever comes afterwards. */
import { join } from 'node:path';
import { Intake } from 'fedtempo/server/remote/intake.js';
import type { Opening } from 'fedtempo/server/remote/journal.js';
import { Members } from 'fedtempo/server/remote/members.js';
import { RemoteRound } from 'fedtempo/server/remote/remote-round.js';
import { Seats } from 'fedtempo/server/remote/seats.js';
import { now } from 'fedtempo/server/remote/steady-clock.js';
import { ExactMean } from 'fedtempo/shared/federation/exact-mean.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';
import { digestOf, newIdentity, sealedUpdate, updateMessage } from '../support/updates.js';

const identity = newIdentity();
const moment = { run: 'round-test', epoch: 1, nonce: 'connection' };
const SIZES = [3, 5];

/** A round of two clients, begun, and what it is told. */
async function begun() {
  const folder = temporaryFolder();
  const { intake } = await Intake.start({ folder: join(folder, 'journal'), profile: false });
  const seats = new Seats(folder, 2);
  onTestFinished(async () => {
    await intake.stop();
    seats.close();
  });
  const opening: Opening = {
    ...{ run: moment.run, round: 0, attempt: 0, nonce: 'attempt', selected: [0, 1], cohort: [0, 1], sizes: SIZES },
    ...{ quota: 2, openedAt: now(), deadlineMs: 60_000 },
  };
  const plan = {
    ...{ round: 0, learningRate: 0.5, batchSize: 10, work: { localSteps: 1 }, along: {} },
    clientOptimizer: { kind: 'sgd' as const },
  };
  const aggregator = new ExactMean(2, 8);
  const group = { plan: plan as never, weights: new Float32Array(2), clients: [0, 1], aggregator };
  const round = new RemoteRound({
    ...{ opening, group, intake, lostAfterMs: 60_000, spans: new Spans(() => 0, false), onSpent: () => {} },
    members: new Members({ seats, clients: 2 }),
    work: { groups: [group], shardSize: (client: number) => SIZES[client], measure: false } as never,
  });
  await round.begin(undefined);
  const deltaOf = (client: number) => Float32Array.of(client + 0.5, -1);
  const messageOf = (client: number) => updateMessage({ ...opening, client, examples: SIZES[client] });
  return {
    ...{ round, aggregator },
    offer: (client: number) => round.weigh({ ...messageOf(client), digest: digestOf(deltaOf(client)) }),
    submit: (client: number) => {
      const frame = sealedUpdate(messageOf(client), deltaOf(client), identity, moment);
      return round.submit({ message: messageOf(client), frame, origin: { ...moment, key: identity.key } });
    },
    replies: async () => {
      const kinds: string[] = [];
      for await (const { reply } of round.replies) kinds.push(`${reply.kind} of ${reply.client}`);
      return kinds;
    },
  };
}

test('a client that said that it failed is LATE with its update, which is not in the sum either', async () => {
  const { round, aggregator, offer, submit, replies } = await begun();
  round.fail(0, 'client-error', 'it says so');
  expect(await offer(0)).toMatchObject({ answer: 'LATE' });
  expect(await submit(0)).toMatchObject({ answer: 'LATE' });
  expect(await submit(1)).toMatchObject({ answer: 'ACCEPTED' });
  expect(await replies()).toEqual(['failure of 0', 'update of 1']);
  expect(aggregator.tally()).toEqual({ clients: [1], examples: 5 });
});

test('a client that says that it failed while its update is being judged is counted as judged', async () => {
  const { round, aggregator, submit, replies } = await begun();
  const judging = submit(0);
  round.fail(0, 'client-error', 'it says so, too late');
  expect(await judging).toMatchObject({ answer: 'ACCEPTED' });
  await submit(1);
  expect(await replies()).toEqual(['update of 0', 'update of 1']);
  expect(aggregator.tally()).toEqual({ clients: [0, 1], examples: 8 });
});
