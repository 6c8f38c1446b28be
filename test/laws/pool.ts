/** What every pool of clients must do. The inline pool is the reference for the bits. */

import { InlinePool } from 'fedtempo/server/pool/inline.js';
import type { ClientPool, RoundWork } from 'fedtempo/server/pool/pool.js';
import type { Failure, Reply, Update } from 'fedtempo/shared/training/reply.js';
import { expect, test } from 'vitest';
import { digits } from '../support/digits.js';

const never = new AbortController().signal;

async function collect(pool: ClientPool, work: RoundWork, signal = never): Promise<Reply[]> {
  const replies: Reply[] = [];
  for await (const { reply } of pool.dispatch(work, signal)) replies.push(reply);
  return replies.sort((a, b) => a.client - b.client);
}

function bits(update: Update) {
  const { delta, trainMs: _, ...rest } = update;
  return { ...rest, delta: [...new Uint32Array(delta.buffer.slice(0))] };
}

/** @param open makes a pool of the kind; the suite closes it */
export function poolConforms(open: () => Promise<ClientPool>): void {
  const withPool = async (work: (pool: ClientPool, setting: Awaited<ReturnType<typeof digits>>) => Promise<void>) => {
    const pool = await open();
    try {
      await work(pool, await digits());
    } finally {
      await pool.close();
    }
  };

  test('gives each client of the cohort one update, with the bits of the reference, round after round', () =>
    withPool(async (pool, { planOf, weights, check, participant }) => {
      const reference = new InlinePool(participant().answer);
      for (const round of [0, 1, 4]) {
        const work = { plan: planOf(round), cohort: [0, 3, 4, 7, 10, 11], weights, check };
        const [got, expected] = [await collect(pool, work), await collect(reference, work)];
        expect(got.map(({ client }) => client)).toEqual([0, 3, 4, 7, 10, 11]);
        expect(got.map((reply) => bits(reply as Update))).toEqual(expected.map((reply) => bits(reply as Update)));
      }
    }));

  test('puts the failure of the check in the place of the update, and the round goes on', () =>
    withPool(async (pool, { planOf, weights }) => {
      const refusal = (client: number): Failure => ({
        kind: 'failure',
        round: 0,
        client,
        code: 'out-of-range',
        reason: `client ${client} is refused here`,
      });
      const check = ({ client }: Update) => (client === 4 ? refusal(4) : undefined);
      const replies = await collect(pool, { plan: planOf(0), cohort: [2, 4, 5], weights, check });
      expect(replies.map(({ kind }) => kind)).toEqual(['update', 'failure', 'update']);
      expect(replies[1]).toEqual(refusal(4));
    }));

  test('leaves the global weights as they were', () =>
    withPool(async (pool, { planOf, weights, check }) => {
      const before = weights.slice();
      await collect(pool, { plan: planOf(0), cohort: [1, 2], weights, check });
      expect(weights).toEqual(before);
    }));

  test('stops when it is told to', () =>
    withPool(async (pool, { planOf, weights, check }) => {
      const stopping = new AbortController();
      const replies: Reply[] = [];
      const work = { plan: planOf(0), cohort: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], weights, check };
      stopping.abort();
      for await (const { reply } of pool.dispatch(work, stopping.signal)) replies.push(reply);
      expect(replies.length).toBeLessThan(12);
    }));
}
