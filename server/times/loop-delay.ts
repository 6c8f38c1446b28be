/** How long this thread's event loop was busy with one thing: what Ctrl-C, progress and pings had to wait. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds beyond the sampling interval. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/** How often the loop is asked. */
const EVERY_MS = 10;

/** Begins to watch; the function ends it and tells what was seen. */
export function watchLoopDelay(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    const beyond = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e5 - 10 * EVERY_MS) / 10);
    return { p99: beyond(histogram.percentile(99)), max: beyond(histogram.max) };
  };
}
