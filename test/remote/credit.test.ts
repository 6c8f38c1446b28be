import { Credit } from 'fedtempo/server/remote/credit.js';
import { describe, expect, it } from 'vitest';

const options = { uploadBytes: 10, inboundBytes: 20, uploadMs: 60_000 };

function asking() {
  const granted: string[] = [];
  const credit = new Credit<string>(options, () => {});
  const ask = (holder: string) => credit.ask(holder, () => granted.push(holder));
  return { credit, ask, granted };
}

describe('credit for uploads', () => {
  it('grants as many as there is room for, and the next when one will not come', () => {
    const { credit, ask, granted } = asking();
    for (const holder of ['a', 'b', 'c']) ask(holder);
    expect(granted).toEqual(['a', 'b']);
    credit.release('a');
    expect(granted).toEqual(['a', 'b', 'c']);
    for (const holder of ['b', 'c']) credit.release(holder);
    expect(credit.used).toBe(0);
  });

  it('counts an upload that has come until it is done with, though its grant is used up', () => {
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

  it('frees the room of an upload once when its client leaves before it is done with', () => {
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
