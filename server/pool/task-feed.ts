/**
 * Hands one connection its tasks of a round: all at once by name, or, where clients keep state, one message a client with
 * its state and few of them at a time, so that states on their way take no more memory than was stated.
 */
import { encodeFrame } from '../../shared/protocol/codec.js';
import { limits } from '../../shared/protocol/limits.js';
import type { Connection } from './connection.js';
import type { OpenRound } from './open-round.js';

/** Clients with state that a connection is given ahead: one trains, the others wait for it and hide the way there. */
const AHEAD = 4;

export class TaskFeed {
  readonly #connection: Connection;
  readonly #round: OpenRound;
  readonly #clients: readonly number[];
  readonly #ahead: number;
  #next = 0;
  /** Clients whose states were sent and who owe a reply. */
  #asked: number[] = [];

  /** @param room states that this connection may be lent at a time */
  constructor(connection: Connection, round: OpenRound, clients: readonly number[], room: number) {
    this.#connection = connection;
    this.#round = round;
    this.#clients = clients;
    this.#ahead = Math.max(1, Math.min(AHEAD, Math.floor(room)));
  }

  /** Sends what may be sent now; to be called again after each reply. */
  fill(): void {
    const { key, stateful } = this.#round;
    if (stateful) return this.#fillWithStates();
    for (; this.#next < this.#clients.length; this.#next += limits.clientsPerMessage) {
      const clients = this.#clients.slice(this.#next, this.#next + limits.clientsPerMessage);
      this.#connection.send({ type: 'train', ...key, clients });
    }
  }

  #fillWithStates(): void {
    this.#asked = this.#asked.filter((client) => this.#round.owes(client));
    while (this.#asked.length < this.#ahead && this.#next < this.#clients.length) {
      const client = this.#clients[this.#next++];
      if (!this.#round.owes(client)) continue;
      const { before } = this.#round.lend(client);
      void this.#connection.sendFrame(encodeFrame({ type: 'train', ...this.#round.key, clients: [client] }, before));
      this.#asked.push(client);
    }
  }
}
