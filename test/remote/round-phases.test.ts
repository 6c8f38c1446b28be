import { RoundPhases } from 'fedtempo/server/remote/round-phases.js';
import { describe, expect, test } from 'vitest';

/** Three clients, two of whom are enough; 10 s, and 2 s for who is gone. */
function round(more: Partial<ConstructorParameters<typeof RoundPhases>[0]> = {}) {
  return new RoundPhases({ cohort: [4, 7, 9], quota: 3, deadlineAt: 10_000, lostAfterMs: 2_000, ...more });
}

describe('an attempt at a round', () => {
  test('is selected until everybody was told, and does not go back to training', () => {
    const phases = round();
    expect(phases.phase).toBe('selected');
    phases.announced();
    expect(phases.phase).toBe('training');
    phases.phase = 'closing';
    phases.announced();
    expect(phases.phase).toBe('closing');
  });

  test('closes complete once nobody owes a reply, whether accepted or failed', () => {
    const phases = round();
    phases.settle(7, true);
    phases.settle(4, false);
    expect([phases.closing(0), phases.owing(), phases.owes(9), phases.owes(7)]).toEqual([undefined, [9], true, false]);
    phases.settle(9, true);
    expect([phases.closing(0), phases.accepted, phases.owing()]).toEqual(['complete', 2, []]);
  });

  test('closes by quota at as many accepted replies, and failures are none of them', () => {
    const phases = round({ quota: 2 });
    phases.settle(4, false);
    phases.settle(7, true);
    expect(phases.closing(0)).toBeUndefined();
    phases.settle(9, true);
    expect(phases.closing(0)).toBe('quota');
  });

  test('closes at its deadline, not a moment before', () => {
    const phases = round();
    expect([phases.closing(9_999.9), phases.closing(10_000)]).toEqual([undefined, 'deadline']);
  });

  test('closes once: while it closes and when it is closed there is no reason any more', () => {
    const phases = round();
    for (const phase of ['closing', 'closed'] as const) {
      phases.phase = phase;
      expect(phases.closing(20_000)).toBeUndefined();
    }
  });

  test('counts a client once, and nobody who was not asked', () => {
    const phases = round();
    phases.settle(7, true);
    phases.settle(7, true);
    phases.settle(8, true);
    expect([phases.accepted, phases.owing()]).toEqual([1, [4, 9]]);
  });

  test('gives up a client that has been gone as long as it is waited for, counted from the first time', () => {
    const phases = round();
    phases.gone(7, 1_000);
    phases.gone(7, 2_500);
    expect([phases.givenUp(2_999), phases.givenUp(3_000)]).toEqual([[], [7]]);
  });

  test('does not give up a client that came back, that has replied, or that was never asked', () => {
    const phases = round();
    for (const client of [4, 7, 8]) phases.gone(client, 0);
    phases.back(4);
    phases.settle(7, true);
    phases.gone(7, 100);
    expect(phases.givenUp(9_000)).toEqual([]);
  });

  test('does not give up a client while its update is judged, and does if that settled nothing', () => {
    const phases = round();
    phases.judging(9);
    phases.gone(9, 0);
    expect([phases.givenUp(5_000), phases.nextAt()]).toEqual([[], 10_000]);
    phases.judged(9);
    expect([phases.givenUp(5_000), phases.nextAt()]).toEqual([[9], 2_000]);
  });

  test('says when time alone may change it: the deadline, or the first who is given up', () => {
    const phases = round();
    expect(phases.nextAt()).toBe(10_000);
    phases.gone(9, 5_000);
    phases.gone(4, 3_000);
    expect(phases.nextAt()).toBe(5_000);
    phases.back(4);
    expect(phases.nextAt()).toBe(7_000);
    phases.gone(4, 9_000);
    phases.back(9);
    expect(phases.nextAt()).toBe(10_000);
  });

  test('that asks nobody is complete from the beginning', () => {
    expect(round({ cohort: [] }).closing(0)).toBe('complete');
  });
});

function training(): RoundPhases {
  const phases = new RoundPhases({ cohort: [1, 4, 7], quota: 3, deadlineAt: 1000, lostAfterMs: 200 });
  phases.announced();
  return phases;
}

test('a client whose connection is gone is waited for, one that said goodbye is not', () => {
  const phases = training();
  phases.gone(1, 100);
  phases.left(4);
  expect(phases.givenUp(100)).toEqual([4]);
  expect([phases.hasLeft(1), phases.hasLeft(4)]).toEqual([false, true]);
  expect(phases.givenUp(300)).toEqual([1, 4]);
});

test('a client that leaves while its update is judged is given up only if the judgement settles nothing', () => {
  const phases = training();
  phases.judging(4);
  phases.left(4);
  expect(phases.givenUp(500)).toEqual([]);
  expect(phases.nextAt()).toBe(1000);
  phases.judged(4);
  expect(phases.givenUp(500)).toEqual([4]);
  phases.settle(4, false);
  expect(phases.owing()).toEqual([1, 7]);
});

test('a client that left and is back is not given up', () => {
  const phases = training();
  phases.left(7);
  phases.back(7);
  expect(phases.givenUp(999)).toEqual([]);
});
