/** A pool whose clients are asked, and whose replies are given out, in a shuffled order: arrival as it may be. */
import type { ClientPool, PoolReply, RoundWork } from 'fedtempo/server/pool/pool.js';
import { withDispatch } from 'fedtempo/server/pool/with-dispatch.js';
import { stream } from 'fedtempo/shared/math/rng.js';

/** @param seed of the shuffles; they differ from dispatch to dispatch */
export function shuffled(pool: ClientPool, seed: number): ClientPool {
  let dispatches = 0;
  return withDispatch(pool, dispatch);

  async function* dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    const random = stream(seed, 'synthetic', dispatches++);
    const inAnyOrder = <T>(values: readonly T[]): T[] => {
      const order = Uint32Array.from(values, (_, index) => index);
      random.shuffle(order);
      return [...order].map((index) => values[index]);
    };
    const groups = work.groups.map((group) => ({ ...group, clients: inAnyOrder(group.clients) }));
    const replies: PoolReply[] = [];
    for await (const reply of pool.dispatch({ ...work, groups }, signal)) replies.push(reply);
    yield* inAnyOrder(replies);
  }
}
