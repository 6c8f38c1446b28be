/** How long a round may take: a fixed time, or one that follows what the last rounds took. */

export type DeadlineSpec =
  | number
  | {
      readonly percentile: number;
      readonly factor: number;
      readonly atLeast: number;
      readonly atMost: number;
    };

export interface Deadline {
  nextMs(): number;
  /** @param closing why the round was closed @param ms what it took */
  observe(closing: string | undefined, ms: number): void;
}

/** Rounds that are remembered. */
const REMEMBERED = 20;

/**
 * With `percentile` q and `factor` f the deadline is f times the q-quantile of what the last 20 rounds took, within
 * `atLeast` and `atMost` seconds; before the first round it is `atMost`. A round that met its deadline took longer than it
 * was given, by nobody knows how much, and counts as twice that, so that deadlines grow again where clients have become slower.
 */
export function createDeadline(spec: DeadlineSpec): Deadline {
  if (typeof spec === 'number') return { nextMs: () => 1000 * spec, observe: () => {} };
  const { percentile, factor, atLeast, atMost } = spec;
  const taken: number[] = [];
  return {
    nextMs: () => {
      if (taken.length === 0) return 1000 * atMost;
      const sorted = [...taken].sort((a, b) => a - b);
      const quantile = sorted[Math.min(sorted.length - 1, Math.ceil(percentile * sorted.length) - 1)];
      return Math.min(1000 * atMost, Math.max(1000 * atLeast, factor * quantile));
    },
    observe: (closing, ms) => {
      taken.push(closing === 'deadline' ? 2 * ms : ms);
      if (taken.length > REMEMBERED) taken.shift();
    },
  };
}
