/** The parts of the population that a WebSocket pool deals to its connections, and who holds each. */
import type { Connection } from './connection.js';

export class Slots {
  readonly count: number;
  readonly #held: (Connection | undefined)[];
  /** Slots that will never host again; nobody waits for them. */
  readonly #abandoned = new Set<number>();
  #wake: () => void = () => {};

  constructor(count: number) {
    this.count = count;
    this.#held = new Array<Connection | undefined>(count).fill(undefined);
  }

  /** The slot that hosts a client. */
  of(client: number): number {
    return client % this.count;
  }

  /** Clients by the slot that hosts them. */
  group(clients: readonly number[]): Map<number, number[]> {
    const bySlot = new Map<number, number[]>();
    for (const client of clients) {
      const slot = this.of(client);
      const hosted = bySlot.get(slot);
      if (hosted === undefined) bySlot.set(slot, [client]);
      else hosted.push(client);
    }
    return bySlot;
  }

  /** Who holds a slot, ready or not. */
  at(slot: number): Connection | undefined {
    return this.#held[slot];
  }

  get connections(): Connection[] {
    return this.#held.filter((connection) => connection !== undefined);
  }

  /** Gives a slot to a connection. False if there is no such slot, or another one has it. */
  take(slot: number, connection: Connection): boolean {
    if (slot >= this.count || this.#held[slot] !== undefined) return false;
    this.#held[slot] = connection;
    return true;
  }

  /** Frees a connection's slot. False if it had none. */
  release(connection: Connection): boolean {
    const { slot } = connection;
    if (slot < 0 || this.#held[slot] !== connection) return false;
    this.#held[slot] = undefined;
    return true;
  }

  /** No client will connect for `slot` any more. */
  abandon(slot: number): void {
    this.#abandoned.add(slot);
    this.changed();
  }

  /** Tells whoever waits that a connection may have become ready. */
  changed(): void {
    this.#wake();
  }

  /**
   * Waits until every slot that is not abandoned is ready.
   *
   * @returns the slots that were not, when `waitMs` is over or `signal` aborts
   */
  async waitReady(waitMs: number, signal: AbortSignal): Promise<number[]> {
    const missing = () =>
      this.#held.flatMap((connection, slot) => (connection?.ready || this.#abandoned.has(slot) ? [] : [slot]));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.changed();
    }, waitMs);
    const onAbort = () => this.changed();
    signal.addEventListener('abort', onAbort);
    while (missing().length > 0 && !late && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    return missing();
  }
}
