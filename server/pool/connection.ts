/**
 * The coordinator's end of one client process, as a state machine: greeting → loading → ready → closed.
 * What a peer sends is judged here; nothing that it sends can throw past this file.
 */
import type { WebSocket } from 'ws';
import { decodeFrame } from '../../shared/protocol/codec.js';
import { limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import { type ClientMessage, clientMessage, type ServerMessage } from '../../shared/protocol/messages.js';
import { type CloseName, Link } from './link.js';

export type { CloseName };

/** What the pool decides about a connection's messages. */
export interface ConnectionEvents {
  /** A hello of the right version. The answer is an assignment, or the reason why there is none. */
  greet(connection: Connection, slot: number): ServerMessage | { refuse: CloseName; reason: string };
  /** The peer has its data. A text refuses it. */
  loaded(connection: Connection, ready: Extract<ClientMessage, { type: 'ready' }>): string | undefined;
  submitted(connection: Connection, update: Extract<ClientMessage, { type: 'update' }>, tensor: Uint8Array): void;
  failed(connection: Connection, failure: Extract<ClientMessage, { type: 'failure' }>): void;
  closed(connection: Connection, code: number, reason: string): void;
}

export class Connection {
  #state: 'greeting' | 'loading' | 'ready' = 'greeting';
  /** The part of the population that the peer hosts; −1 before its hello. */
  slot = -1;
  readonly #link: Link;
  readonly #events: ConnectionEvents;
  readonly #helloTimer: NodeJS.Timeout;

  constructor(socket: WebSocket, events: ConnectionEvents) {
    this.#events = events;
    this.#helloTimer = setTimeout(() => this.close('HELLO_TIMEOUT', 'no hello'), limits.helloMs);
    this.#link = new Link(socket, limits, {
      received: (data) => {
        const { message, tensor } = decodeFrame(data, clientMessage);
        this.#handle(message, tensor);
      },
      closed: (code, reason) => {
        clearTimeout(this.#helloTimer);
        events.closed(this, code, reason);
      },
    });
  }

  get ready(): boolean {
    return this.#link.open && this.#state === 'ready';
  }

  /** Sends a frame that was encoded before: the same bytes may go to many. */
  sendFrame(frame: Uint8Array): Promise<void> {
    return this.#link.sendFrame(frame);
  }

  send(message: ServerMessage): void {
    this.#link.send(message);
  }

  close(name: CloseName, reason: string): void {
    this.#link.close(name, reason);
  }

  #handle(message: ClientMessage, tensor: Uint8Array): void {
    const state = this.#state;
    if (message.type === 'goodbye') return this.close('GOODBYE', message.reason);
    if (message.type === 'hello' && state === 'greeting') return this.#hello(message);
    if (message.type === 'ready' && state === 'loading') return this.#ready(message);
    if (message.type === 'update' && state === 'ready') return this.#events.submitted(this, message, tensor);
    if (message.type === 'failure' && state === 'ready') return this.#events.failed(this, message);
    this.close('UNEXPECTED_MESSAGE', `${message.type} while ${state}`);
  }

  #hello({ protocol, slot, software }: Extract<ClientMessage, { type: 'hello' }>): void {
    clearTimeout(this.#helloTimer);
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `coordinator speaks protocol ${PROTOCOL_VERSION}, client (${software}) ${protocol}`;
      return this.close('VERSION_MISMATCH', versions);
    }
    if (slot === undefined) return this.close('UNEXPECTED_MESSAGE', 'hello without a slot');
    const answer = this.#events.greet(this, slot);
    if ('refuse' in answer) return this.close(answer.refuse, answer.reason);
    this.#state = 'loading';
    this.slot = slot;
    this.send(answer);
  }

  #ready(message: Extract<ClientMessage, { type: 'ready' }>): void {
    const refusal = this.#events.loaded(this, message);
    if (refusal !== undefined) return this.close('DATASET_MISMATCH', refusal);
    this.#state = 'ready';
  }
}
