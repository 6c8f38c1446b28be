import { Credit } from 'fedtempo/server/remote/credit.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Room for `inboundBytes` of uploads of 100 bytes, which have a second to come. */
function credit(inboundBytes: number) {
  const [granted, expired]: string[][] = [[], []];
  const bound = new Credit<string>({ uploadBytes: 100, inboundBytes, uploadMs: 1000 }, (holder) =>
    expired.push(holder),
  );
  const ask = (...holders: string[]) => {
    for (const holder of holders) bound.ask(holder, () => granted.push(holder));
  };
  return { bound, ask, granted, expired };
}

describe('credit for uploads', () => {
  test('is given to as many as there is room for, then in the order of asking as others are done', () => {
    const { bound, ask, granted } = credit(299);
    ask('a', 'b', 'c', 'd');
    expect([granted, bound.used]).toEqual([['a', 'b'], 2]);
    bound.release('b');
    expect(granted).toEqual(['a', 'b', 'c']);
    bound.release('a');
    expect([granted, bound.used]).toEqual([['a', 'b', 'c', 'd'], 2]);
    expect(['a', 'b', 'c', 'd'].map((holder) => bound.has(holder))).toEqual([false, false, true, true]);
  });

  test('is always there for one upload, however large', () => {
    const { ask, granted } = credit(1);
    ask('a', 'b');
    expect(granted).toEqual(['a']);
  });

  test('is one for each holder: who asks again is told again, and takes no more room', () => {
    const { bound, ask, granted } = credit(200);
    ask('a', 'a', 'a');
    expect([granted, bound.used]).toEqual([['a', 'a', 'a'], 1]);
    ask('b', 'c', 'c');
    bound.release('a');
    expect(granted.slice(3)).toEqual(['b', 'c']);
  });

  test('of one who waits and leaves goes to the next', () => {
    const { bound, ask, granted } = credit(100);
    ask('a', 'b', 'c');
    bound.release('b');
    bound.release('a');
    expect(granted).toEqual(['a', 'c']);
  });

  test('expires where the upload does not come in time, and passes on', () => {
    const { bound, ask, granted, expired } = credit(100);
    ask('a', 'b');
    vi.advanceTimersByTime(999);
    expect([expired, granted]).toEqual([[], ['a']]);
    vi.advanceTimersByTime(1);
    expect([expired, granted, bound.has('a')]).toEqual([['a'], ['a', 'b'], false]);
    // The time of b began with its grant.
    vi.advanceTimersByTime(999);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect([expired, bound.used]).toEqual([['a', 'b'], 0]);
  });

  test('that was used does not expire, and a release of nobody changes nothing', () => {
    const { bound, ask, expired } = credit(100);
    ask('a');
    bound.release('a');
    bound.release('a');
    bound.release('stranger');
    vi.advanceTimersByTime(5000);
    expect([expired, bound.used, vi.getTimerCount()]).toEqual([[], 0, 0]);
  });
});

const twoUploads = { uploadBytes: 10, inboundBytes: 20, uploadMs: 60_000 };

function asking() {
  const granted: string[] = [];
  const credit = new Credit<string>(twoUploads, () => {});
  const ask = (holder: string) => credit.ask(holder, () => granted.push(holder));
  return { credit, ask, granted };
}

describe('credit for uploads that have come', () => {
  test('grants as many as there is room for, and the next when one will not come', () => {
    const { credit, ask, granted } = asking();
    for (const holder of ['a', 'b', 'c']) ask(holder);
    expect(granted).toEqual(['a', 'b']);
    credit.release('a');
    expect(granted).toEqual(['a', 'b', 'c']);
    for (const holder of ['b', 'c']) credit.release(holder);
    expect(credit.used).toBe(0);
  });

  test('counts an upload that has come until it is done with, though its grant is used up', () => {
    const { credit, ask, granted } = asking();
    for (const holder of ['a', 'b', 'c']) ask(holder);
    const done = credit.received('a');
    expect(credit.has('a')).toBe(false);
    expect(credit.used).toBe(2);
    expect(granted).toEqual(['a', 'b']);
    done();
    expect(granted).toEqual(['a', 'b', 'c']);
    for (const holder of ['b', 'c']) credit.release(holder);
    expect(credit.used).toBe(0);
  });

  test('frees the room of an upload once when its client leaves before it is done with', () => {
    const { credit, ask, granted } = asking();
    for (const holder of ['a', 'b', 'c', 'd']) ask(holder);
    const done = credit.received('a');
    credit.release('a');
    expect(granted).toEqual(['a', 'b']);
    done();
    expect(granted).toEqual(['a', 'b', 'c']);
    for (const holder of ['b', 'c', 'd']) credit.release(holder);
  });
});

describe('credit that many ask for at one moment', () => {
  /** @param behind whether the event loop is */
  function crowd(uploadBytes: number, count: number, behind = () => false) {
    const granted: number[] = [];
    const credit = new Credit<number>({ uploadBytes, inboundBytes: 1e12, uploadMs: 60_000, behind }, () => {});
    for (let holder = 0; holder < count; holder++) credit.ask(holder, () => granted.push(holder));
    return { credit, granted };
  }

  test.each([
    ['16', 'small', 1000, 16],
    ['4 MiB of', 'larger', 2 ** 20, 4],
    ['one of', 'the largest', 2 ** 30, 1],
  ])('is given to %s %s uploads every 5 ms, in the order of asking', (_, __, uploadBytes, atOnce) => {
    const { granted } = crowd(uploadBytes, 50);
    for (let paces = 1; paces <= 5; paces++) {
      expect(granted).toEqual(Array.from({ length: Math.min(50, paces * atOnce) }, (_, index) => index));
      vi.advanceTimersByTime(5);
    }
  });

  test('waits while the event loop is behind, whoever is done with or asks', () => {
    let behind = true;
    const { credit, granted } = crowd(2 ** 20, 10, () => behind);
    vi.advanceTimersByTime(500);
    credit.release(0);
    credit.received(1)();
    credit.ask(10, () => granted.push(10));
    expect(granted).toEqual([0, 1, 2, 3]);
    behind = false;
    vi.advanceTimersByTime(5);
    expect(granted).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    vi.advanceTimersByTime(5);
    expect(granted).toHaveLength(11);
  });

  test('leaves no timer behind', () => {
    const { credit } = crowd(1000, 40);
    vi.advanceTimersByTime(20);
    for (let holder = 0; holder < 40; holder++) credit.received(holder)();
    vi.advanceTimersByTime(20);
    expect(vi.getTimerCount()).toBe(0);
  });
});
