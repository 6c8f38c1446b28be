import { SHARE_MS, Turn } from 'fedtempo/server/pool/turn.js';
import { describe, expect, it } from 'vitest';

/** Keeps the thread busy, as reading from many sockets does. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a turn of the event loop', () => {
  it('is over once it had its share, and the next one is not', async () => {
    const turn = new Turn();
    expect(turn.over).toBe(false);
    work(SHARE_MS + 1);
    expect(turn.over).toBe(true);
    await turn.next();
    expect(turn.over).toBe(false);
  });

  it('does what was put off in order, in several turns if it takes long, and lets others come in between', async () => {
    const turn = new Turn();
    const done: (number | string)[] = [];
    expect(turn.over).toBe(false);
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 4; index++) {
        turn.later(() => {
          done.push(index);
          work(SHARE_MS + 1);
          if (index === 0) setImmediate(() => done.push('another'));
          if (index === 3) resolve();
        });
      }
      // What comes now comes after what waits.
      expect(turn.over).toBe(true);
    });
    expect(done.filter((entry) => entry !== 'another')).toEqual([0, 1, 2, 3]);
    expect(done.indexOf('another')).toBeLessThan(4);
  });
});
