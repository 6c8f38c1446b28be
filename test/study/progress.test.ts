/** The time left that a study shows. */
import { timeLeftMs } from 'fedtempo/cli/study/study-progress.js';
import { expect, test } from 'vitest';

const took = new Map([
  ['slow', [900, 1100]],
  ['fast', [200]],
]);

test('before the first trial ends nothing is said', () => {
  expect(timeLeftMs(new Map(), [{ arm: 'slow', hadMs: 500 }], 2)).toBeUndefined();
});

test('each trial is expected to take what its arm took, less what it had, shared by those that run at once', () => {
  const unfinished = [
    { arm: 'slow', hadMs: 400 },
    { arm: 'slow', hadMs: 0 },
    { arm: 'fast', hadMs: 0 },
  ];
  expect(timeLeftMs(took, unfinished, 1)).toBe(600 + 1000 + 200);
  // Three at once end when the longest does.
  expect(timeLeftMs(took, unfinished, 3)).toBe(1000);
});

test('an arm without a finished trial is expected to be as the others; one beyond its time as good as done', () => {
  expect(timeLeftMs(took, [{ arm: 'new', hadMs: 0 }], 1)).toBeCloseTo(2200 / 3, 9);
  expect(timeLeftMs(took, [{ arm: 'fast', hadMs: 900 }], 1)).toBe(0);
});
