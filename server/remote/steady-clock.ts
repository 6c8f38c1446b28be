/**
 * A clock that nobody sets: milliseconds since the machine started, the same for every process of that start. Deadlines are
 * measured with it, also over a restart of the coordinator; a change of the wall clock changes none.
 */
import { readFileSync } from 'node:fs';

/** A point in time, and the start of the machine that it counts from. */
export interface Instant {
  readonly boot: string;
  readonly ms: number;
}

/** Linux names each start of the machine; elsewhere none is known, and each process counts as a start of its own. */
const boot = bootName();

export function now(): Instant {
  return { boot, ms: Number(process.hrtime.bigint() / 1000n) / 1000 };
}

/** Milliseconds since `then`; 0 if the machine has been started since, so that a deadline begins anew. */
export function elapsedMs(then: Instant): number {
  const present = now();
  return then.boot === present.boot ? Math.max(0, present.ms - then.ms) : 0;
}

function bootName(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process ${process.pid} ${performance.timeOrigin}`;
  }
}
