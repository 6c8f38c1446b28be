/** Where the time of a run went, thread by thread; and the same as a trace for Chrome's viewer (chrome://tracing, Perfetto). */
import { type Activity, activities, type Span, Spans, type Spent, type Times } from '../../shared/times/spans.js';

/** One row of the time table, in milliseconds. */
export type ThreadTimes = { readonly thread: string; readonly idle: number } & Times;

/** Milliseconds on the clock that all threads of a process share. */
export const sharedNow = (): number => performance.timeOrigin + performance.now();

export class TimeTable {
  /** Of the coordinator's own thread. */
  readonly own: Spans;
  readonly #keeps: boolean;
  readonly #threads = new Map<string, { times: Times; spans: Span[] }>();
  readonly #began = sharedNow();

  /** @param keeps whether spans are kept for a trace */
  constructor(keeps: boolean) {
    this.#keeps = keeps;
    this.own = new Spans(sharedNow, keeps);
    this.add('coordinator', { times: {}, spans: [] });
  }

  /** Whether spans are kept for a trace. */
  get keeps(): boolean {
    return this.#keeps;
  }

  /** Adds what a thread has spent. */
  add(thread: string, { times, spans }: Spent): void {
    const known = this.#threads.get(thread) ?? { times: {}, spans: [] };
    this.#threads.set(thread, known);
    for (const activity of activities) {
      const ms = times[activity];
      if (ms !== undefined) known.times[activity] = (known.times[activity] ?? 0) + ms;
    }
    if (this.#keeps) known.spans.push(...spans);
  }

  /** The table so far; idle is what is left of the time since it was made. */
  rows(): ThreadTimes[] {
    this.add('coordinator', this.own.take());
    const elapsed = sharedNow() - this.#began;
    return [...this.#threads].map(([thread, { times }]) => {
      const busy = Object.values(times).reduce((sum, ms) => sum + ms, 0);
      const rounded = Object.entries(times).map(([activity, ms]) => [activity, Math.round(ms)]);
      return { thread, ...(Object.fromEntries(rounded) as Times), idle: Math.round(Math.max(0, elapsed - busy)) };
    });
  }

  /** The trace in the Trace Event Format: complete events in microseconds, one track a thread. */
  trace(): string {
    this.add('coordinator', this.own.take());
    const tracks = [...this.#threads].flatMap(([thread, { spans }], tid) => [
      { ph: 'M', name: 'thread_name', pid: 1, tid, args: { name: thread } },
      ...spans.map((span) => this.#event(span, tid)),
    ]);
    return JSON.stringify({ traceEvents: tracks, displayTimeUnit: 'ms' });
  }

  #event({ activity, began, ms, client, round }: Span, tid: number) {
    const name: Activity = activity;
    const ts = Math.round(1000 * (began - this.#began));
    return { ph: 'X', name, cat: 'fedtempo', pid: 1, tid, ts, dur: Math.round(1000 * ms), args: { round, client } };
  }
}
