/**
 * The coordinator's end of one client process, as a state machine: greeting → loading → ready → closed.
 * What a peer sends is judged here; nothing that it sends can throw past this file.
 */
import type { WebSocket } from 'ws';
import { messageOf } from '../../shared/errors.js';
import { closeCodes, closeReason } from '../../shared/protocol/close-codes.js';
import { decodeFrame, encodeFrame } from '../../shared/protocol/codec.js';
import { limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import { type ClientMessage, clientMessage, type ServerMessage } from '../../shared/protocol/messages.js';

export type CloseName = keyof typeof closeCodes;

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
  #state: 'greeting' | 'loading' | 'ready' | 'closed' = 'greeting';
  /** The part of the population that the peer hosts; −1 before its hello. */
  slot = -1;
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #helloTimer: NodeJS.Timeout;
  /** Why this end closed, in words of its own, since a reason on the wire is short. */
  #closing: { code: number; reason: string } | undefined;
  #heardAt = performance.now();

  constructor(socket: WebSocket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#helloTimer = setTimeout(() => this.close('HELLO_TIMEOUT', 'no hello'), limits.helloMs);
    this.#heartbeat = setInterval(() => this.#beat(), limits.pingEveryMs);
    socket.on('error', (error) => {
      this.#closing ??= { code: 1006, reason: messageOf(error) };
    });
    socket.on('pong', () => this.#heard());
    socket.on('message', (data, binary) => {
      this.#heard();
      if (this.#state === 'closed') return;
      if (!binary) return this.close('MALFORMED', 'a text message; the protocol is binary');
      this.#receive(data as Buffer);
    });
    socket.on('close', (code, reason) => {
      this.#state = 'closed';
      clearTimeout(this.#helloTimer);
      clearInterval(this.#heartbeat);
      const ending = this.#closing ?? { code, reason: reason.toString() };
      events.closed(this, ending.code, ending.reason);
    });
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Sends a frame that was encoded before: the same bytes may go to many. */
  sendFrame(frame: Uint8Array): Promise<void> {
    if (this.#socket.bufferedAmount > limits.bufferedBytes + frame.length) {
      this.close('TOO_SLOW', `${this.#socket.bufferedAmount} bytes wait to be sent`);
    }
    return new Promise((resolve) => this.#socket.send(frame, () => resolve()));
  }

  send(message: ServerMessage): void {
    void this.sendFrame(encodeFrame(message));
  }

  /** Closes with a code; cuts the connection off if the peer does not answer in time. */
  close(name: CloseName, reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#closing ??= { code: closeCodes[name], reason };
    this.#socket.close(closeCodes[name], closeReason(reason));
    setTimeout(() => this.#socket.terminate(), limits.goodbyeMs).unref();
  }

  #heard(): void {
    this.#heardAt = performance.now();
  }

  #beat(): void {
    if (performance.now() - this.#heardAt > limits.silenceMs) {
      this.close('SILENT', 'no sign of the client');
      return this.#socket.terminate();
    }
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #receive(data: Buffer): void {
    try {
      const { message, tensor } = decodeFrame(data, clientMessage);
      this.#handle(message, tensor);
    } catch (error) {
      this.close('MALFORMED', messageOf(error));
    }
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
