import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Seats } from 'fedtempo/server/remote/seats.js';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

test('a seat is not written behind a line that a full disk has torn', () => {
  const folder = temporaryFolder();
  const seat = (client: number) => ({ client, key: `key-${client}`, examples: 7, simulated: true });
  const first = new Seats(folder, 3);
  first.take(seat(0));
  first.close();
  appendFileSync(join(folder, 'seats.jsonl'), '{"client":1,"key":"ke');
  const second = new Seats(folder, 3);
  expect(second.taken).toBe(1);
  second.take(seat(2));
  second.close();
  const third = new Seats(folder, 3);
  expect([third.of(0), third.of(1), third.of(2)]).toEqual([seat(0), undefined, seat(2)]);
  third.close();
  expect(readFileSync(join(folder, 'seats.jsonl'), 'utf8').match(/\n/g)).toHaveLength(2);
});
