import type { Device } from 'fedtempo/shared/devices/devices.js';
import { simulateRound } from 'fedtempo/shared/devices/simulate-round.js';
import { costUntil, courseOf, drawLuck, endOf, type TaskCourse } from 'fedtempo/shared/devices/task.js';
import { expect, test } from 'vitest';

const device: Device = {
  name: 'hand-made',
  examplesPerSecond: 100,
  downloadMbps: 8,
  uploadMbps: 4,
  latencyMs: 500,
  jitter: 0,
  failureRate: 0,
  computeWatts: 2,
  radioWatts: 1,
};
/** 4p + 512 is a million bytes: a second down, two seconds up. */
const parameters = 249_872;
const calm = { slowdown: 1, drops: false, at: 0.9 };
const task = (client: number, examples: number, dropsAt?: number): TaskCourse =>
  courseOf(device, { client, examples, parameters }, { slowdown: 1, drops: dropsAt !== undefined, at: dropsAt ?? 0.9 });

test('a task takes latency, download, training, latency and upload, one after the other', () => {
  const course = task(3, 300);
  expect(course.phases).toEqual([0.5, 1, 3, 0.5, 2]);
  expect(endOf(course)).toBe(7);
  // 3 s of training at 2 W, 3 s of radio at 1 W.
  expect(costUntil(course, 7)).toEqual({ joules: 9, bytesDown: 1_000_000, bytesUp: 1_000_000 });
  expect(endOf(courseOf(device, { client: 3, examples: 300, parameters, extraSeconds: 10 }, calm))).toBe(17);
  expect(endOf(courseOf(device, { client: 3, examples: 300, parameters }, { ...calm, slowdown: 2 }))).toBe(10);
});

test('a task that drops out has cost what it had done until then', () => {
  const course = task(3, 300, 0.5);
  expect(endOf(course)).toBe(3.5);
  expect(costUntil(course, 3.5)).toEqual({ joules: 5, bytesDown: 1_000_000, bytesUp: 0 });
  // A quarter of a second into the download, and half of the upload.
  expect(costUntil(course, 0.75)).toEqual({ joules: 0.25, bytesDown: 250_000, bytesUp: 0 });
  expect(costUntil(course, 6)).toEqual({ joules: 8, bytesDown: 1_000_000, bytesUp: 500_000 });
});

test('tasks drop out at the device’s rate, at any moment alike, and jitter is log-normal', () => {
  const lucks = Array.from({ length: 20_000 }, (_, client) =>
    drawLuck({ ...device, failureRate: 0.3, jitter: 0.4 }, 9, 2, client),
  );
  const moments = lucks.flatMap(({ drops, at }) => (drops ? [at] : []));
  expect(Math.abs(moments.length / 20_000 - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / 20_000));
  const mean = moments.reduce((sum, at) => sum + at, 0) / moments.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * moments.length));
  const logs = lucks.map(({ slowdown }) => Math.log(slowdown));
  const square = logs.reduce((sum, log) => sum + log * log, 0) / logs.length;
  expect(Math.abs(square / 0.16 - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
  expect(drawLuck(device, 9, 2, 1)).toMatchObject({ slowdown: 1, drops: false });
});

/** Ends after 4.0, 5.0, 5.0, 6.0 (drops half-way: 3.0), 8.0 and 14.0 seconds. */
const cohort = [task(4, 100), task(9, 100), task(2, 0), task(5, 200, 0.5), task(1, 400), task(0, 1000)];
const told = (setting: { target: number; deadlineSeconds?: number }) => {
  const { events, end } = simulateRound({ start: 100, tasks: cohort, ...setting });
  return { end, events: events.map(({ time, client, outcome }) => [time, client, outcome]) };
};

test('a round without deadline ends with its last client', () => {
  expect(told({ target: 6 })).toEqual({
    end: 114,
    events: [
      [103, 5, 'dropped'],
      [104, 2, 'counted'],
      [105, 4, 'counted'],
      [105, 9, 'counted'],
      [108, 1, 'counted'],
      [114, 0, 'counted'],
    ],
  });
});

test('a round with over-selection ends with the reply that makes the target; at the same time the lower client is first', () => {
  expect(told({ target: 2 })).toEqual({
    end: 105,
    events: [
      [103, 5, 'dropped'],
      [104, 2, 'counted'],
      [105, 4, 'counted'],
      [105, 0, 'surplus'],
      [105, 1, 'surplus'],
      [105, 9, 'surplus'],
    ],
  });
});

test('a deadline ends a round without those that are late; a reply at the deadline is in time', () => {
  expect(told({ target: 5, deadlineSeconds: 5 })).toEqual({
    end: 105,
    events: [
      [103, 5, 'dropped'],
      [104, 2, 'counted'],
      [105, 4, 'counted'],
      [105, 9, 'counted'],
      [105, 0, 'late'],
      [105, 1, 'late'],
    ],
  });
  expect(told({ target: 3, deadlineSeconds: 13 })).toMatchObject({ end: 105 });
  expect(told({ target: 6, deadlineSeconds: 1 })).toEqual({
    end: 101,
    events: [0, 1, 2, 4, 5, 9].map((client) => [101, client, 'late']),
  });
  expect(told({ target: 6, deadlineSeconds: 20 })).toMatchObject({ end: 114 });
});

test('work in vain costs energy and bytes until it is aborted', () => {
  const { events } = simulateRound({ start: 100, tasks: cohort, target: 5, deadlineSeconds: 5 });
  // Client 0 had 3.5 of its 10 s of training, and a second of download.
  expect(events.find(({ client }) => client === 0)).toMatchObject({ joules: 8, bytesDown: 1_000_000, bytesUp: 0 });
});

test('the order in which tasks are given does not matter', () => {
  const setting = { start: 0, target: 3, deadlineSeconds: 7 };
  expect(simulateRound({ ...setting, tasks: [...cohort].reverse() })).toEqual(
    simulateRound({ ...setting, tasks: cohort }),
  );
});
