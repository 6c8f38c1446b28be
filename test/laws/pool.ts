/** What every pool of clients must do. The inline pool is the reference for the bits. */

import type { ClientPool, PoolReply, RoundWork, TaskGroup, Terms } from 'fedtempo/server/pool/pool.js';
import { ExactMean } from 'fedtempo/shared/federation/exact-mean.js';
import { MeanWithState } from 'fedtempo/shared/federation/mean-with-state.js';
import { expect, test } from 'vitest';
import { digits, inlinePool } from '../support/digits.js';
import { PlainStates } from '../support/plain-states.js';

const never = new AbortController().signal;
type Reply = PoolReply['reply'];
type Setting = Awaited<ReturnType<typeof digits>>;

async function collect(pool: ClientPool, work: RoundWork, signal = never): Promise<Reply[]> {
  const replies: Reply[] = [];
  for await (const { reply } of pool.dispatch(work, signal)) replies.push(reply);
  return replies.sort((a, b) => a.client - b.client);
}

/** Everything of a reply that must be the same wherever its client trained. */
function bits(reply: Reply) {
  if (reply.kind === 'failure') return reply;
  const { delta, trainMs: _, ...rest } = reply;
  return { ...rest, delta: delta === undefined ? undefined : [...new Uint32Array(delta.slice().buffer)] };
}

const wordsOf = (values: Float64Array) => [...new BigUint64Array(values.buffer)];

/** What a kind of pool is made for. */
export interface PoolTraits {
  /** Whether it trains several groups in one dispatch, and gives updates back where nothing sums them up. */
  readonly anyWork: boolean;
  /** Whether its clients may keep state. */
  readonly clientState: boolean;
}

/** @param open makes a pool of the kind; the suite closes it */
export function poolConforms(
  open: () => Promise<ClientPool>,
  { anyWork, clientState }: PoolTraits = { anyWork: true, clientState: true },
): void {
  const withPool = async (work: (pool: ClientPool, setting: Setting) => Promise<void>) => {
    const pool = await open();
    try {
      await work(pool, await digits());
    } finally {
      await pool.close();
    }
  };
  // Clients that come and go are waited for under terms; other pools do not look at them.
  let attempt = 0;
  const termsOf = (groups: readonly TaskGroup[]): Terms => {
    const selected = groups.flatMap(({ clients }) => clients);
    return { attempt: attempt++, selected, quota: selected.length, deadlineMs: 30_000 };
  };
  const workOf = ({ shardSize }: Pick<Setting, 'shardSize'>, ...groups: TaskGroup[]): RoundWork => ({
    groups,
    shardSize,
    measure: true,
    terms: termsOf(groups),
  });
  // A law about work that a kind of pool refuses by its type is none of its laws.
  const anyWorkTest = anyWork ? test : () => {};
  const stateTest = clientState ? test : () => {};

  anyWorkTest('gives each client of the cohort one update, with the bits of the reference, round after round', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights, participant } = setting;
      const reference = inlinePool(participant());
      for (const round of [0, 1, 4]) {
        const work = workOf(setting, { plan: planOf(round), clients: [0, 3, 4, 7, 10, 11], weights });
        const [got, expected] = [await collect(pool, work), await collect(reference, work)];
        expect(got.map(({ client }) => client)).toEqual([0, 3, 4, 7, 10, 11]);
        expect(got.map(bits)).toEqual(expected.map(bits));
        expect(got.every((reply) => 'delta' in reply && reply.squaredNorm > 0)).toBe(true);
      }
    }),
  );

  test('sums updates up in the aggregator, with the bits of the reference, and keeps no parameters then', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights, parameters, participant, shardSize } = setting;
      const clients = [0, 1, 3, 4, 7, 10, 11];
      const examples = clients.reduce((sum, client) => sum + shardSize(client), 0);
      const reference = inlinePool(participant());
      for (const round of [0, 2]) {
        const means = await Promise.all(
          [pool, reference].map(async (each) => {
            const aggregator = new ExactMean(parameters, examples);
            const replies = await collect(each, workOf(setting, { plan: planOf(round), clients, weights, aggregator }));
            expect(replies.map((reply) => 'delta' in reply)).toEqual(clients.map(() => false));
            expect(aggregator.tally()).toEqual({ clients, examples });
            return wordsOf(aggregator.finish());
          }),
        );
        expect(means[0]).toEqual(means[1]);
      }
    }));

  anyWorkTest('trains groups from their own weights and plans, each into its own aggregator', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights, parameters, participant, shardSize } = setting;
      const other = weights.map((weight, index) => weight + (index % 3) / 8);
      const reference = inlinePool(participant());
      const outcomes = await Promise.all(
        [pool, reference].map(async (each) => {
          const aggregator = new ExactMean(parameters, shardSize(1) + shardSize(5));
          const replies = await collect(
            each,
            workOf(
              setting,
              { plan: planOf(2), clients: [1, 5], weights, aggregator },
              { plan: planOf(3), clients: [], weights },
              { plan: planOf(4), clients: [0, 8], weights: other },
            ),
          );
          expect(replies.map(({ client, round }) => [client, round])).toEqual([
            [0, 4],
            [1, 2],
            [5, 2],
            [8, 4],
          ]);
          return { replies: replies.map(bits), mean: wordsOf(aggregator.finish()) };
        }),
      );
      expect(outcomes[0]).toEqual(outcomes[1]);
    }),
  );

  test('puts a failure in the place of an update that the check refuses, and the round goes on', () =>
    withPool(async (pool, { planOf, weights, parameters, shardSize }) => {
      const lying = (client: number) => (client === 4 ? shardSize(client) + 1 : shardSize(client));
      const clients = [2, 4, 5];
      const aggregator = new ExactMean(parameters, 1000);
      const groups = [{ plan: planOf(0), clients, weights, aggregator }];
      const replies = await collect(pool, { ...workOf({ shardSize: lying }, ...groups), measure: false });
      expect(replies.map(({ kind }) => kind)).toEqual(['update', 'failure', 'update']);
      expect(replies[1]).toMatchObject({ round: 0, client: 4, code: 'wrong-examples' });
      expect(aggregator.tally().clients).toEqual([2, 5]);
    }));

  test('names every client whose update is not finite', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights, parameters } = setting;
      const broken = weights.slice();
      broken[3] = Number.NaN;
      const aggregator = new ExactMean(parameters, 1000);
      const replies = await collect(
        pool,
        workOf(setting, { plan: planOf(0), clients: [2, 5], weights: broken, aggregator }),
      );
      expect(replies.map((reply) => [reply.client, reply.kind === 'failure' && reply.code])).toEqual([
        [2, 'non-finite'],
        [5, 'non-finite'],
      ]);
      expect(aggregator.tally().clients).toEqual([]);
    }));

  for (const room of [1000, 1]) {
    stateTest(`lends each client its state and takes the change, in rounds of any memory (room for ${room})`, () =>
      withPool(async (pool, setting) => {
        const { planOf, weights, parameters, participant, shardSize } = setting;
        // Client 4 lies about its shard in round 1: its update is refused, and its state stays.
        const sizeOf = (round: number) => (client: number) => shardSize(client) + (round === 1 && client === 4 ? 1 : 0);
        const rounds = [
          [0, 3, 4, 7, 10, 11],
          [1, 3, 4, 10],
          [0, 1, 4, 5, 6, 7],
        ];
        const outcomes = await Promise.all(
          [pool, inlinePool(participant())].map(async (each) => {
            const states = new PlainStates(parameters, room);
            let control = new Float32Array(parameters);
            const results: unknown[] = [];
            for (const [round, clients] of rounds.entries()) {
              const aggregator = new MeanWithState(parameters, clients.length, 'uniform');
              const group = { plan: planOf(round), clients, weights, aggregator, variates: { control, states } };
              const work = workOf({ shardSize: sizeOf(round) }, group);
              const replies = await collect(each, work);
              expect(states.lent.size).toBe(0);
              states.commit(true);
              const mean = aggregator.finish();
              control = Float32Array.from(mean.subarray(parameters));
              results.push(replies.map(bits), wordsOf(mean), aggregator.tally());
            }
            expect(results[3]).toContainEqual(expect.objectContaining({ client: 4, code: 'wrong-examples' }));
            const known = [...states.current].sort(([a], [b]) => a - b);
            return { results, states: known.map(([client, state]) => [client, [...state]]) };
          }),
        );
        expect(outcomes[0]).toEqual(outcomes[1]);
        expect(outcomes[1].states.map(([client]) => client)).toEqual([0, 1, 3, 4, 5, 6, 7, 10, 11]);
      }),
    );
  }

  stateTest('gives every state back when it is stopped', () =>
    withPool(async (pool, { planOf, weights, parameters, shardSize }) => {
      const clients = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
      const states = new PlainStates(parameters, 3);
      const variates = { control: new Float32Array(parameters), states };
      const aggregator = new MeanWithState(parameters, clients.length, 'uniform');
      const work = workOf({ shardSize }, { plan: planOf(0), clients, weights, aggregator, variates });
      const stopping = new AbortController();
      for await (const _ of pool.dispatch(work, stopping.signal)) stopping.abort();
      expect(states.lent.size).toBe(0);
    }),
  );

  test('leaves the global weights as they were', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights } = setting;
      const before = weights.slice();
      const aggregator = new ExactMean(setting.parameters, 1000);
      await collect(pool, workOf(setting, { plan: planOf(0), clients: [1, 2], weights, aggregator }));
      expect(weights).toEqual(before);
    }));

  test('stops when it is told to, and serves the next dispatch whole', () =>
    withPool(async (pool, setting) => {
      const { planOf, weights, parameters } = setting;
      const clients = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
      const stopping = new AbortController();
      const workIn = (round: number) =>
        workOf(setting, { plan: planOf(round), clients, weights, aggregator: new ExactMean(parameters, 2000) });
      const work = workIn(0);
      const replies: Reply[] = [];
      for await (const { reply } of pool.dispatch(work, stopping.signal)) {
        replies.push(reply);
        stopping.abort();
      }
      const heard = replies.map(({ client }) => client);
      expect(heard.length).toBeGreaterThan(0);
      expect(new Set(heard).size).toBe(heard.length);
      const aborted = new AbortController();
      aborted.abort();
      expect((await collect(pool, workIn(0), aborted.signal)).length).toBeLessThan(12);
      const whole = await collect(pool, workIn(1));
      expect(whole.map(({ kind, round }) => [kind, round])).toEqual(clients.map(() => ['update', 1]));
    }));
}
