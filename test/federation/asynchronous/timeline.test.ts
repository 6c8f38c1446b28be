import fc from 'fast-check';
import {
  createTimeline,
  type Timeline,
  type TimelineRules,
  type TimelineState,
} from 'fedtempo/shared/federation/asynchronous/timeline.js';
import { stream } from 'fedtempo/shared/math/rng.js';
import { expect, test } from 'vitest';

const free = { joules: 0, bytesDown: 0, bytesUp: 0 };

/** Six clients with fixed durations; the lowest that may begin do; the sixth task, numbered 5, drops out. */
const handMade: TimelineRules = {
  bufferSize: 2,
  maxStaleness: 1,
  concurrency: () => 3,
  select: ({ count, excluded }) => ({
    clients: [0, 1, 2, 3, 4, 5].filter((client) => !excluded.has(client)).slice(0, count),
    wakeAt: null,
  }),
  begin: ({ client, task }) => ({ seconds: [2, 3, 5, 7, 4, 1][client], drops: task === 5, ...free, joules: 1 }),
  nobodyAvailable: () => new Error('nobody'),
};

function events(timeline: Timeline, count: number) {
  let state = timeline.init();
  return Array.from({ length: count }, () => {
    const next = timeline.step(state);
    state = next.state;
    return next.event;
  });
}

test('ten events of FedBuff with K = 2, M = 3 and staleness at most 1 are those worked out by hand', () => {
  // Begun at 0: task 0 of client 0 until 2, task 1 of client 1 until 3, task 2 of client 2 until 5.
  const told = events(createTimeline(handMade), 10).map(({ kind, time, task, flush }) => [
    time,
    kind,
    task?.task,
    task?.client,
    task?.startVersion,
    flush === undefined
      ? null
      : [flush.version, flush.contributions.map(({ client, staleness }) => [client, staleness])],
  ]);
  expect(told).toEqual([
    [2, 'received', 0, 0, 0, null], // client 3 begins, until 9
    [
      3,
      'received',
      1,
      1,
      0,
      [
        0,
        [
          [0, 0],
          [1, 0],
        ],
      ],
    ], // version 1; client 0 begins, until 5
    [5, 'received', 2, 2, 0, null], // before client 0, since it began earlier; client 1 begins, will drop out at 8
    [
      5,
      'received',
      4,
      0,
      1,
      [
        1,
        [
          [2, 1],
          [0, 0],
        ],
      ],
    ], // version 2; client 0 begins, until 7
    [7, 'received', 6, 0, 2, null], // client 2 begins, until 12
    [8, 'dropped-out', 5, 1, 1, null], // client 1 begins again, until 11
    [9, 'too-stale', 3, 3, 0, null], // τ = 2; client 3 begins again, until 16
    [
      11,
      'received',
      8,
      1,
      2,
      [
        2,
        [
          [0, 0],
          [1, 0],
        ],
      ],
    ], // version 3; client 0 begins, until 13
    [12, 'received', 7, 2, 2, null], // client 1 begins, until 15
    [
      13,
      'received',
      10,
      0,
      3,
      [
        3,
        [
          [2, 1],
          [0, 0],
        ],
      ],
    ],
  ]); // prettier-ignore
});

test('a server step tells what was discarded since the step before', () => {
  const timeline = createTimeline(handMade);
  let state = timeline.init();
  const flushes = [0, 1, 2].map(() => {
    const next = timeline.advance(state);
    state = next.state;
    return next.flush;
  });
  expect(flushes.map(({ version, time }) => [version, time])).toEqual([
    [0, 3],
    [1, 5],
    [2, 11],
  ]);
  expect(flushes.map(({ discarded }) => discarded.map(({ client, reason }) => [client, reason]))).toEqual([
    [],
    [],
    [
      [1, 'dropped-out'],
      [3, 'too-stale'],
    ],
  ]);
  expect(state).toMatchObject({ clock: 11, version: 3, nextTask: 10, buffer: [], discarded: [] });
  expect(state.inFlight.map(({ task, client, finish }) => [task, client, finish])).toEqual([
    [7, 2, 12],
    [9, 3, 16],
  ]);
});

/** Random durations and drop-outs among `clients`. */
function randomRules(seed: number, clients: number, concurrency: number, bufferSize: number): TimelineRules {
  return {
    bufferSize,
    maxStaleness: 3,
    concurrency: () => concurrency,
    select: ({ count, selection, excluded }) => {
      const order = Uint32Array.from({ length: clients }, (_, client) => client);
      stream(seed, 'cohort', selection).shuffle(order);
      return { clients: [...order].filter((client) => !excluded.has(client)).slice(0, count), wakeAt: null };
    },
    begin: ({ task, client }) => {
      const random = stream(seed, 'deviceTask', task, client);
      return { seconds: 1 + Math.floor(9 * random.uniform()), drops: random.uniform() < 0.2, ...free };
    },
    nobodyAvailable: () => new Error('nobody'),
  };
}

const settings = fc
  .record({
    seed: fc.nat(),
    clients: fc.integer({ min: 1, max: 12 }),
    m: fc.nat(),
    k: fc.nat(),
  })
  .map(({ seed, clients, m, k }) => ({
    clients,
    rules: randomRules(seed, clients, 1 + (m % clients), 1 + (k % clients)),
  }));

test('a state that went through JSON at any event goes on as the one that did not', () => {
  fc.assert(
    fc.property(settings, fc.nat(60), ({ rules }, cut) => {
      const timeline = createTimeline(rules);
      let [straight, cutUp]: TimelineState[] = [timeline.init(), timeline.init()];
      for (let step = 0; step < 80; step++) {
        const [a, b] = [timeline.step(straight), timeline.step(cutUp)];
        expect(b.event).toEqual(a.event);
        [straight, cutUp] = [a.state, step === cut ? (JSON.parse(JSON.stringify(b.state)) as TimelineState) : b.state];
      }
    }),
    { numRuns: 50 },
  );
});

test('a client is in training once at a time, is counted once in a step, and never twice from one version', () => {
  fc.assert(
    fc.property(settings, ({ rules }) => {
      const timeline = createTimeline(rules);
      let state = timeline.init();
      const counted = new Set<string>();
      let clock = 0;
      for (let step = 0; step < 120; step++) {
        const { inFlight } = state;
        expect(new Set(inFlight.map(({ client }) => client)).size).toBe(inFlight.length);
        expect(inFlight.length).toBeLessThanOrEqual(rules.concurrency(state.version));
        const { event, state: next } = timeline.step(state);
        expect(event.time).toBeGreaterThanOrEqual(clock);
        clock = event.time;
        const contributors = event.flush?.contributions ?? [];
        expect(new Set(contributors.map(({ client }) => client)).size).toBe(contributors.length);
        for (const { client, startVersion, staleness } of contributors) {
          expect(counted.has(`${startVersion} ${client}`)).toBe(false);
          counted.add(`${startVersion} ${client}`);
          expect(staleness).toBeLessThanOrEqual(3);
        }
        state = next;
      }
    }),
    { numRuns: 50 },
  );
});

test('where too few clients are available the timeline wakes up to look again, and gives up after a day', () => {
  const opening = createTimeline({
    ...handMade,
    select: ({ time }) => (time < 1800 ? { clients: [], wakeAt: time + 900 } : { clients: [4], wakeAt: null }),
    concurrency: () => 1,
  });
  expect(events(opening, 3).map(({ kind, time }) => [kind, time])).toEqual([
    ['woken', 900],
    ['woken', 1800],
    ['received', 1804],
  ]);
  const closed = createTimeline({ ...handMade, select: ({ time }) => ({ clients: [], wakeAt: time + 900 }) });
  expect(() => closed.advance(closed.init())).toThrow('nobody');
});
