/** How long a client waits before it tries again: random, so that a thousand do not come at once, and longer each time. */
import { randomInt } from 'node:crypto';

const SHORTEST_MS = 500;
const LONGEST_MS = 20_000;

/** Uniform in [0.5 s, min(20 s, 0.5 s · 2^(failures + 1))]. @param failures attempts in a row that failed, from 0 */
export function backOffMs(failures: number): number {
  const longest = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(30, failures + 1));
  return randomInt(SHORTEST_MS, longest + 1);
}

/** Waits; shorter if `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
