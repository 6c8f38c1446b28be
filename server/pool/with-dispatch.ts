/** A pool that does one thing differently: the shape of every decorator. */
import type { ClientPool } from './pool.js';

/** The same pool, but for how it dispatches. */
export function withDispatch(pool: ClientPool, dispatch: ClientPool['dispatch']): ClientPool {
  return {
    kind: pool.kind,
    workers: pool.workers,
    get broadcastMs() {
      return pool.broadcastMs;
    },
    dispatch,
    traffic: () => pool.traffic(),
    spent: () => pool.spent(),
    close: () => pool.close(),
  };
}
