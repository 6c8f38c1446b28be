/** A round as a state machine, by a clock that the test holds. */
import { RoundPhases } from 'fedtempo/server/remote/round-phases.js';
import { expect, test } from 'vitest';

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
