import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type Seat, Seats } from 'fedtempo/server/remote/seats.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { describe, expect, test } from 'vitest';
import { newIdentity } from '../support/member.js';
import { temporaryFolder } from '../support/processes.js';

const seat = (client: number, more: Partial<Seat> = {}): Seat => ({
  client,
  key: newIdentity().key,
  examples: 10 + client,
  simulated: false,
  ...more,
});
const nobody = () => false;

describe('the seats of a run', () => {
  test('are found by key and by client, and again by whoever opens the run next', () => {
    const folder = temporaryFolder();
    const [one, other] = [seat(4, { name: 'ward 3' }), seat(0, { simulated: true })];
    const first = new Seats(folder, 6);
    first.take(one);
    first.take(other);
    // A coordinator that was killed closes nothing.
    const second = new Seats(folder, 6);
    for (const seats of [first, second]) {
      expect([seats.taken, seats.of(4), seats.of(1)]).toEqual([2, one, undefined]);
      expect([seats.find(other.key), seats.find(newIdentity().key)]).toEqual([other, undefined]);
    }
    first.close();
    second.close();
  });

  test('are on disk when they are taken, a line each', () => {
    const folder = temporaryFolder();
    const seats = new Seats(folder, 6);
    const taken = seat(2);
    seats.take(taken);
    expect(JSON.parse(readFileSync(join(folder, 'seats.jsonl'), 'utf8'))).toEqual(taken);
    seats.close();
  });

  test('that are free come in order, but for those that somebody is about to take', () => {
    const seats = new Seats(temporaryFolder(), 4);
    expect(seats.free(nobody)).toBe(0);
    seats.take(seat(0));
    seats.take(seat(2));
    expect(seats.free(nobody)).toBe(1);
    expect(seats.free((client) => client === 1)).toBe(3);
    expect(seats.free(() => true)).toBeUndefined();
    seats.take(seat(1));
    seats.take(seat(3));
    expect(seats.free(nobody)).toBeUndefined();
    seats.close();
  });

  test('lose a line that was torn, which nobody heard of, and go on behind the others', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'seats.jsonl');
    const before = new Seats(folder, 4);
    const [one, torn, later] = [seat(0), seat(1), seat(1)];
    before.take(one);
    before.take(torn);
    before.close();
    truncateSync(file, readFileSync(file).length - 5);
    const after = new Seats(folder, 4);
    expect([after.taken, after.find(torn.key), after.free(nobody)]).toEqual([1, undefined, 1]);
    after.take(later);
    after.close();
    const again = new Seats(folder, 4);
    expect([again.of(0), again.of(1)]).toEqual([one, later]);
    again.close();
  });

  test.each(['not json', '{"client":1}', '{"client":1,"key":"k","examples":0,"simulated":true}', '[]'])(
    'are refused where a whole line of them is %s',
    (line) => {
      const folder = temporaryFolder();
      const seats = new Seats(folder, 4);
      seats.take(seat(0));
      seats.close();
      appendFileSync(join(folder, 'seats.jsonl'), `${line}\n`);
      let refused: unknown;
      try {
        new Seats(folder, 4);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(FedtempoError);
      expect(refused).toMatchObject({ code: 'RECORDS_INVALID', details: { found: line } });
    },
  );
});
