/**
 * Which key is which client of a run, and how many examples it has: one line each in `seats.jsonl`, on disk before the client
 * hears of a round. A client that comes back, to this coordinator or to one that was started again, is the client it was.
 *
 * Clients that come at the same moment share one sync of the disk: with one each, a thousand would stop the event loop for
 * seconds.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError } from '../../shared/errors.js';
import { failpoint } from '../failpoint.js';
import { cutLines, LineFile, linesOf } from '../store/durable.js';
import { onDisk, storageFailed } from '../store/storage-failed.js';

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

/** The seats that were taken, in their order; none if there is no such file. @throws FedtempoError RECORDS_INVALID */
export function readSeats(directory: string): Seat[] {
  const file = join(directory, 'seats.jsonl');
  return existsSync(file) ? Array.from(linesOf(file), (line) => parse(line, file)) : [];
}

export class Seats {
  readonly #file: string;
  readonly #lines: LineFile;
  readonly #byKey = new Map<string, Seat>();
  readonly #byClient = new Map<number, Seat>();
  readonly #clients: number;
  /** No client below it is free. */
  #lowest = 0;
  /** Seats that were written, and those of them that are on disk for certain. */
  #written = 0;
  #synced = 0;
  #syncing = false;
  /** Told if the disk fails while nobody waits for it. */
  onFailed: (error: Error) => void = () => {};

  /** @param clients seats that there are @throws FedtempoError RECORDS_INVALID, STORAGE_FAILED */
  constructor(directory: string, clients: number) {
    this.#file = join(directory, 'seats.jsonl');
    this.#clients = clients;
    this.#lines = onDisk(this.#file, () => {
      const known = readSeats(directory);
      for (const seat of known) this.#keep(seat);
      // A torn last line is one that nobody heard of; the next must not be written behind it.
      if (existsSync(this.#file)) cutLines(this.#file, known.length);
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

  /** Writes the seat; it is on disk after `sync`, which is begun at once and not waited for. @throws FedtempoError STORAGE_FAILED */
  take(seat: Seat): void {
    onDisk(this.#file, () => {
      failpoint('seat.write');
      this.#lines.append([seat]);
    });
    this.#keep(seat);
    this.#written += 1;
    void this.#syncMeanwhile();
  }

  /** Returns when all seats are on disk. @throws FedtempoError STORAGE_FAILED */
  sync(): void {
    if (this.#synced === this.#written) return;
    onDisk(this.#file, () => this.#lines.sync());
    this.#synced = this.#written;
  }

  close(): void {
    // Closing syncs.
    this.#synced = this.#written;
    this.#lines.close();
  }

  async #syncMeanwhile(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      while (this.#synced < this.#written) {
        const written = this.#written;
        for (let seat = this.#synced; seat < written; seat++) failpoint('seat.sync');
        await this.#lines.syncMeanwhile();
        this.#synced = Math.max(this.#synced, written);
      }
    } catch (error) {
      this.onFailed(storageFailed(error, this.#file));
    }
    this.#syncing = false;
  }

  #keep(seat: Seat): void {
    this.#byKey.set(seat.key, seat);
    this.#byClient.set(seat.client, seat);
  }
}

function parse(line: string, where: string): Seat {
  try {
    return seatSchema.parse(JSON.parse(line));
  } catch {
    throw new FedtempoError('RECORDS_INVALID', 'the list of clients of the run is damaged', {
      where,
      found: line.slice(0, 100),
      expected: 'a client, its key and its number of examples',
      fix: 'bring back the file from a copy, or start another run',
    });
  }
}
