/**
 * Which key is which client of a run, and how many examples it has: one line each in `seats.jsonl`, on disk before the client
 * hears of it. A client that comes back, to this coordinator or to one that was started again, is the client it was.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError } from '../../shared/errors.js';
import { failpoint } from '../failpoint.js';
import { cutLines, LineFile, linesOf } from '../store/durable.js';
import { onDisk } from '../store/storage-failed.js';

const seatSchema = z.strictObject({
  client: z.int().min(0),
  /** The raw public key in base64url. */
  key: z.string(),
  /** n_k */
  examples: z.int().min(1),
  /** Whether it trains a shard of the scenario's own dataset. */
  simulated: z.boolean(),
  name: z.string().optional(),
});

export type Seat = z.output<typeof seatSchema>;

export class Seats {
  readonly #file: string;
  readonly #lines: LineFile;
  readonly #byKey = new Map<string, Seat>();
  readonly #byClient = new Map<number, Seat>();
  readonly #clients: number;
  /** No client below it is free. */
  #lowest = 0;

  /** @param clients seats that there are @throws FedtempoError RECORDS_INVALID, STORAGE_FAILED */
  constructor(directory: string, clients: number) {
    this.#file = join(directory, 'seats.jsonl');
    this.#clients = clients;
    let lines = 0;
    for (const line of existsSync(this.#file) ? linesOf(this.#file) : []) {
      this.#keep(this.#parse(line));
      lines += 1;
    }
    this.#lines = onDisk(this.#file, () => {
      // What comes next must not be written behind a line that was torn.
      cutLines(this.#file, lines);
      return new LineFile(this.#file);
    });
  }

  get taken(): number {
    return this.#byClient.size;
  }

  of(client: number): Seat | undefined {
    return this.#byClient.get(client);
  }

  find(key: string): Seat | undefined {
    return this.#byKey.get(key);
  }

  /** A client that nobody is, other than those for which `held` says that somebody is about to be; undefined if there is none. */
  free(held: (client: number) => boolean): number | undefined {
    while (this.#byClient.has(this.#lowest)) this.#lowest += 1;
    for (let client = this.#lowest; client < this.#clients; client++) {
      if (!this.#byClient.has(client) && !held(client)) return client;
    }
    return undefined;
  }

  /** Returns when the seat is on disk. @throws FedtempoError STORAGE_FAILED */
  take(seat: Seat): void {
    onDisk(this.#file, () => {
      failpoint('seat.write');
      this.#lines.append([seat]);
      failpoint('seat.sync');
      this.#lines.sync();
    });
    this.#keep(seat);
  }

  close(): void {
    this.#lines.close();
  }

  #keep(seat: Seat): void {
    this.#byKey.set(seat.key, seat);
    this.#byClient.set(seat.client, seat);
  }

  #parse(line: string): Seat {
    try {
      return seatSchema.parse(JSON.parse(line));
    } catch {
      throw new FedtempoError('RECORDS_INVALID', 'the list of clients of the run is damaged', {
        where: this.#file,
        found: line.slice(0, 100),
        expected: 'a client, its key and its number of examples',
        fix: 'bring back the file from a copy, or start another run',
      });
    }
  }
}
