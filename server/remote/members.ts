/**
 * The clients of a run on other machines: who is which, and whose connection is there. A key has one seat for the whole run;
 * of two connections of a key the newer one is the client.
 */
import type { Enrolled } from './enrolment.js';
import type { MemberConnection, Refusal } from './member-connection.js';
import type { Seat, Seats } from './seats.js';

/** What a client may declare and be. */
export interface MembersOptions {
  readonly seats: Seats;
  /** C: seats that there are. */
  readonly clients: number;
}

export class Members {
  readonly #options: MembersOptions;
  /** By client: connections that have a seat or are about to, ready or not. */
  readonly #connections = new Map<number, MemberConnection>();
  readonly #waiting = new Set<() => void>();

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** Ready clients, ascending. */
  ready(): number[] {
    const all = [...this.#connections].filter(([, connection]) => connection.ready);
    return all.map(([client]) => client).sort((a, b) => a - b);
  }

  isReady(client: number): boolean {
    return this.#connections.get(client)?.ready === true;
  }

  get readyCount(): number {
    let count = 0;
    for (const connection of this.#connections.values()) if (connection.ready) count += 1;
    return count;
  }

  /** The connection of a ready client. */
  at(client: number): MemberConnection | undefined {
    const connection = this.#connections.get(client);
    return connection?.ready === true ? connection : undefined;
  }

  get all(): MemberConnection[] {
    return [...this.#connections.values()];
  }

  /**
   * Finds the seat of a connection that said hello, and gives it the place of an older one of the same key.
   *
   * @param wanted the client that it asks to be
   */
  seat(connection: MemberConnection, enrolled: Omit<Enrolled, 'key'>, wanted: number | undefined): number | Refusal {
    const { key } = connection.origin;
    const found = this.#seatOf(key, enrolled, wanted);
    if (typeof found !== 'number') return found;
    const before = this.#connections.get(found);
    if (before !== undefined && before.origin.key !== key) return taken(`client ${found} is another one`);
    before?.close('SUPERSEDED', 'the same client has connected again');
    connection.client = found;
    this.#connections.set(found, connection);
    return found;
  }

  /** The seat that a client has in the run, if it was here before. */
  known(client: number): Seat | undefined {
    return this.#options.seats.of(client);
  }

  /** @throws FedtempoError STORAGE_FAILED */
  take(seat: Seat): void {
    this.#options.seats.take(seat);
  }

  /** The connection is gone. False if another one had taken its place. */
  leave(connection: MemberConnection): boolean {
    if (this.#connections.get(connection.client) !== connection) return false;
    this.#connections.delete(connection.client);
    return true;
  }

  /** Tells whoever waits that a client may have become ready. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves as soon as so many clients are ready, or `signal` aborts. */
  quorum(count: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        // Counting looks at every connection; most that come are too few for it to matter.
        const enough = this.#connections.size >= count && this.readyCount >= count;
        if (!enough && !signal.aborted) return;
        this.#waiting.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  #seatOf(key: string, enrolled: Omit<Enrolled, 'key'>, wanted: number | undefined): number | Refusal {
    const { seats, clients } = this.#options;
    const known = seats.find(key)?.client;
    const fixed = known ?? enrolled.client;
    if (fixed !== undefined && wanted !== undefined && wanted !== fixed) {
      return taken(`this key is client ${fixed} of the run, and asks to be client ${wanted}`);
    }
    const asked = fixed ?? wanted;
    if (asked === undefined) {
      return (
        seats.free((client) => this.#connections.has(client)) ?? taken(`all ${clients} clients of the run are there`)
      );
    }
    if (asked >= clients) return taken(`there is no client ${asked}: the run has ${clients}, numbered from 0`);
    const owner = seats.of(asked);
    if (owner !== undefined && owner.key !== key) return taken(`client ${asked} is another one`);
    return asked;
  }
}

function taken(reason: string): Refusal {
  return { refuse: 'SLOT_TAKEN', reason };
}
