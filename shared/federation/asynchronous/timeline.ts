/**
 * What happens when in an asynchronous run, by discrete events in virtual time: who begins at which server version,
 * whose reply arrives, when the server steps. Durations follow from devices and planned work, never from training, so
 * the timeline can be worked out without it.
 *
 * The state is plain JSON and every step is a pure function of it: a checkpoint holds it as it is. Places that have become
 * free are filled when the next step is asked for, so that a step needs to know the present version's values alone.
 */

import type { FaultKind } from '../faults/rules.js';

/** A task on its way. */
export interface FlightTask {
  /** Counts the tasks of the run, in the order in which they began. */
  readonly task: number;
  readonly client: number;
  /** The server version whose weights it began with. */
  readonly startVersion: number;
  readonly start: number;
  /** When the server hears of it: the reply, or that the device is gone. */
  readonly finish: number;
  readonly drops: boolean;
  /** The fault of the scenario that makes it drop out. */
  readonly fault?: FaultKind;
  readonly joules: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** An update that is counted at the next server step. */
export interface Contribution extends FlightTask {
  /** τ: the server version at its arrival minus that at its beginning. */
  readonly staleness: number;
}

export interface Discarded extends FlightTask {
  readonly reason: 'dropped-out' | 'too-stale';
}

export interface TimelineState {
  /** Virtual time in seconds. */
  readonly clock: number;
  /** The present server version, 0-based: the role of the round in a synchronous run. */
  readonly version: number;
  readonly nextTask: number;
  /** Selections made so far. */
  readonly selections: number;
  /** When to look again for clients, since too few were available; null if there is no need. */
  readonly wakeAt: number | null;
  /** When a task last began or ended. */
  readonly activeAt: number;
  readonly inFlight: readonly FlightTask[];
  /** Since the last server step, in order of arrival. */
  readonly buffer: readonly Contribution[];
  readonly discarded: readonly Discarded[];
}

/** A server step: version → version + 1. */
export interface Flush {
  readonly version: number;
  readonly time: number;
  /** In order of arrival. */
  readonly contributions: readonly Contribution[];
  /** What ended in vain since the step before. */
  readonly discarded: readonly Discarded[];
}

export interface TimelineEvent {
  readonly kind: 'received' | 'dropped-out' | 'too-stale' | 'woken';
  readonly time: number;
  readonly task: FlightTask | undefined;
  /** The server step that it caused. */
  readonly flush: Flush | undefined;
}

export interface TimelineRules {
  /** K: replies in a server step. */
  readonly bufferSize: number;
  readonly maxStaleness: number | undefined;
  /** M: clients in training at once, by server version. */
  concurrency(version: number): number;
  /** Clients that may begin now, at most `count`; `wakeAt` if more could be found later. */
  select(request: { count: number; selection: number; time: number; excluded: ReadonlySet<number> }): {
    readonly clients: readonly number[];
    readonly wakeAt: number | null;
  };
  /** The course of a task: how long until the server hears of it, and what it costs. */
  begin(task: { task: number; client: number; version: number; time: number }): {
    readonly seconds: number;
    readonly drops: boolean;
    readonly fault?: FaultKind;
    readonly joules: number;
    readonly bytesDown: number;
    readonly bytesUp: number;
  };
  /** What to throw if no task is under way, and nobody was found for one for a day. */
  nobodyAvailable(seconds: number): Error;
}

export interface Timeline {
  /** Nothing has happened yet. */
  init(): TimelineState;
  /** Fills up the clients in training, at the state's own time and version, and goes on to the next event. */
  step(state: TimelineState): { readonly state: TimelineState; readonly event: TimelineEvent };
  /** Goes on until the server steps. */
  advance(state: TimelineState): { readonly state: TimelineState; readonly flush: Flush };
}

/** A day and a quarter of an hour: days are alike, so a later look would find nobody either. */
const MAX_IDLE_SECONDS = 87_300;

export function createTimeline(rules: TimelineRules): Timeline {
  const fill = (state: TimelineState): TimelineState => {
    const count = rules.concurrency(state.version) - state.inFlight.length;
    if (count <= 0) return { ...state, wakeAt: null };
    // A client trains one task at a time, and once for a server step: its batches are numbered by the version.
    const excluded = new Set<number>();
    for (const { client } of state.inFlight) excluded.add(client);
    for (const { client } of state.buffer) excluded.add(client);
    const { clock: time, version, selections: selection } = state;
    const { clients, wakeAt } = rules.select({ count, selection, time, excluded });
    const begun = clients.map((client, index): FlightTask => {
      const task = state.nextTask + index;
      const { seconds, ...rest } = rules.begin({ task, client, version, time });
      return { task, client, startVersion: version, start: time, finish: time + seconds, ...rest };
    });
    return {
      ...state,
      wakeAt,
      selections: selection + 1,
      nextTask: state.nextTask + begun.length,
      activeAt: begun.length > 0 ? time : state.activeAt,
      inFlight: [...state.inFlight, ...begun],
    };
  };

  const received = (state: TimelineState, next: FlightTask): { state: TimelineState; event: TimelineEvent } => {
    const time = next.finish;
    const staleness = state.version - next.startVersion;
    const stale = rules.maxStaleness !== undefined && staleness > rules.maxStaleness;
    const kind = next.drops ? 'dropped-out' : stale ? 'too-stale' : 'received';
    const inFlight = state.inFlight.filter(({ task }) => task !== next.task);
    let after: TimelineState = { ...state, clock: time, activeAt: time, inFlight };
    let flush: Flush | undefined;
    if (kind === 'received') after = { ...after, buffer: [...state.buffer, { ...next, staleness }] };
    else after = { ...after, discarded: [...state.discarded, { ...next, reason: kind }] };
    if (after.buffer.length === rules.bufferSize) {
      flush = { version: state.version, time, contributions: after.buffer, discarded: after.discarded };
      after = { ...after, version: state.version + 1, buffer: [], discarded: [] };
    }
    return { state: after, event: { kind, time, task: next, flush } };
  };

  const step: Timeline['step'] = (before) => {
    const state = fill(before);
    const next = earliest(state.inFlight);
    if (next !== undefined && (state.wakeAt === null || next.finish <= state.wakeAt)) return received(state, next);
    const idle = next === undefined && (state.wakeAt ?? Number.POSITIVE_INFINITY) - state.activeAt > MAX_IDLE_SECONDS;
    if (state.wakeAt === null || idle) throw rules.nobodyAvailable(state.clock);
    const event: TimelineEvent = { kind: 'woken', time: state.wakeAt, task: undefined, flush: undefined };
    return { state: { ...state, clock: state.wakeAt }, event };
  };

  return {
    init: () => ({
      clock: 0,
      version: 0,
      nextTask: 0,
      selections: 0,
      wakeAt: null,
      activeAt: 0,
      inFlight: [],
      buffer: [],
      discarded: [],
    }),
    step,
    advance: (state) => {
      for (let at = state; ; ) {
        const { state: next, event } = step(at);
        if (event.flush !== undefined) return { state: next, flush: event.flush };
        at = next;
      }
    },
  };
}

/** The first to finish; at the same time, the first that began. */
function earliest(tasks: readonly FlightTask[]): FlightTask | undefined {
  return tasks.reduce<FlightTask | undefined>(
    (first, task) =>
      first === undefined || task.finish < first.finish || (task.finish === first.finish && task.task < first.task)
        ? task
        : first,
    undefined,
  );
}
