import { createDeadline } from 'fedtempo/server/remote/deadline.js';
import { describe, expect, test } from 'vitest';

const adaptive = (more: object = {}) =>
  createDeadline({ percentile: 0.5, factor: 3, atLeast: 2, atMost: 100, ...more });

describe('a fixed deadline', () => {
  test('is the same whatever rounds took', () => {
    const deadline = createDeadline(1.5);
    deadline.observe('deadline', 90_000);
    expect(deadline.nextMs()).toBe(1500);
  });
});

describe('a deadline that follows', () => {
  test('is the longest before the first round', () => {
    expect(adaptive().nextMs()).toBe(100_000);
  });

  test('is the factor times the quantile, by nearest rank', () => {
    const deadline = adaptive();
    for (const ms of [4000, 1000, 3000, 2000]) deadline.observe('complete', ms);
    expect(deadline.nextMs()).toBe(3 * 2000);
    const high = adaptive({ percentile: 0.76 });
    for (const ms of [4000, 1000, 3000, 2000]) high.observe('quota', ms);
    expect(high.nextMs()).toBe(3 * 4000);
  });

  test('stays within its bounds', () => {
    const short = adaptive();
    short.observe('complete', 10);
    expect(short.nextMs()).toBe(2000);
    const long = adaptive();
    long.observe('complete', 50_000);
    expect(long.nextMs()).toBe(100_000);
  });

  test('counts a round that met its deadline as twice as long', () => {
    const deadline = adaptive();
    deadline.observe('deadline', 5000);
    expect(deadline.nextMs()).toBe(30_000);
  });

  test('grows out of a deadline that is too short for every round', () => {
    const deadline = adaptive({ percentile: 0.9, factor: 1, atLeast: 1 });
    deadline.observe('complete', 1000);
    const needed = 20_000;
    let rounds = 0;
    while (deadline.nextMs() < needed) {
      deadline.observe('deadline', deadline.nextMs());
      rounds += 1;
    }
    expect(rounds).toBe(5);
  });

  test('remembers twenty rounds', () => {
    const deadline = adaptive({ percentile: 1 });
    deadline.observe('complete', 20_000);
    for (let round = 0; round < 19; round++) deadline.observe('complete', 1000);
    expect(deadline.nextMs()).toBe(60_000);
    deadline.observe('complete', 1000);
    expect(deadline.nextMs()).toBe(3000);
  });
});
