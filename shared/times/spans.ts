/** Where the time of one thread goes: named spans, their totals, and for a trace the spans themselves. */

/** What a thread does. What is none of these is idle. */
export const activities = [
  'prepare',
  'train',
  'evaluate',
  'receive',
  'aggregate',
  'copy',
  'serialise',
  'record',
] as const;
export type Activity = (typeof activities)[number];

/** Milliseconds by activity. */
export type Times = Partial<Record<Activity, number>>;

/** One stretch of time; `began` in milliseconds on a clock that all threads share. */
export interface Span {
  readonly activity: Activity;
  readonly began: number;
  readonly ms: number;
  readonly client?: number | undefined;
  readonly round?: number | undefined;
}

/** What a thread has spent since it was asked last. */
export interface Spent {
  readonly times: Times;
  /** Empty unless spans are kept. */
  readonly spans: readonly Span[];
}

export class Spans {
  readonly #now: () => number;
  readonly #keeps: boolean;
  #times: Times = {};
  #spans: Span[] = [];

  /** @param now monotonic milliseconds on the shared clock @param keeps whether the spans themselves are wanted */
  constructor(now: () => number, keeps: boolean) {
    this.#now = now;
    this.#keeps = keeps;
  }

  /** Runs `work` and counts its time. */
  measure<T>(activity: Activity, work: () => T, of: { client?: number; round?: number } = {}): T {
    const began = this.#now();
    try {
      return work();
    } finally {
      this.add({ activity, began, ms: this.#now() - began, ...of });
    }
  }

  add(span: Span): void {
    this.#times[span.activity] = (this.#times[span.activity] ?? 0) + span.ms;
    if (this.#keeps) this.#spans.push(span);
  }

  /** What was spent since the last call. */
  take(): Spent {
    const spent = { times: this.#times, spans: this.#spans };
    this.#times = {};
    this.#spans = [];
    return spent;
  }
}
