import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Seats } from 'fedtempo/server/remote/seats.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedtempo-seats-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const seat = (client: number) => ({ client, key: `key ${client}`, examples: 60 + client, simulated: false });

describe('the seats of a run', () => {
  it('are those that were taken before, for whoever opens them again', () => {
    const seats = new Seats(folder, 4);
    for (const client of [0, 2]) seats.take(seat(client));
    seats.sync();
    seats.take(seat(1));
    seats.close();
    const again = new Seats(folder, 4);
    expect(again.taken).toBe(3);
    expect(again.find('key 1')).toEqual(seat(1));
    expect(again.free(() => false)).toBe(3);
    expect(again.free((client) => client === 3)).toBeUndefined();
    again.close();
  });

  it('are in the file at once, so that the end of the process loses none', () => {
    const seats = new Seats(folder, 3);
    for (const client of [0, 1, 2]) seats.take(seat(client));
    const lines = readFileSync(join(folder, 'seats.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([0, 1, 2].map(seat));
    seats.close();
  });
});
