/**
 * The coordinator's end of one client on another machine: greeting → loading → ready. Who it is was proved before, at the
 * HTTP upgrade. Nothing that it sends can throw past this file.
 */
import { createHash } from 'node:crypto';
import type { WebSocket } from 'ws';
import { decodeFrame, encodeFrame } from '../../shared/protocol/codec.js';
import { type Limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import { type ClientMessage, clientMessage, type ServerMessage } from '../../shared/protocol/messages.js';
import { type CloseName, Link } from '../pool/link.js';
import type { Origin } from './desk.js';

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

export interface Refusal {
  readonly refuse: CloseName;
  readonly reason: string;
}

/** What the pool decides about a client's messages. */
export interface MemberEvents {
  /** A hello of the right version. The answer is an assignment, or why there is none. @param wanted the client it asks to be */
  greet(connection: MemberConnection, wanted: number | undefined): ServerMessage | Refusal;
  /** What the client has. A refusal says why it does not fit. */
  declared(connection: MemberConnection, ready: Message<'ready'>): Refusal | undefined;
  offered(connection: MemberConnection, offer: Message<'offer'>): void;
  /** @param frame the whole of it, sealed */
  submitted(connection: MemberConnection, update: Message<'update'>, frame: Buffer): void;
  failed(connection: MemberConnection, failure: Message<'failure'>): void;
  closed(connection: MemberConnection, code: number, reason: string): void;
}

export class MemberConnection {
  readonly origin: Origin;
  /** The client that it is; −1 before its hello. */
  client = -1;
  /** SHA-256 of the assignment's frame: what a client computes follows from it and the round. */
  #assignment: Uint8Array = new Uint8Array(0);
  #state: 'greeting' | 'loading' | 'ready' = 'greeting';
  readonly #link: Link;
  readonly #limits: Limits;
  readonly #events: MemberEvents;
  readonly #helloTimer: NodeJS.Timeout;
  /** Messages that it may still send at once; filled up with time. */
  #allowance: number;
  #filledAt = performance.now();
  /** Messages that it was asked for and has not sent: those count against no allowance, however short rounds are. */
  #asked = 0;

  constructor(socket: WebSocket, origin: Origin, limits: Limits, events: MemberEvents) {
    this.origin = origin;
    this.#limits = limits;
    this.#events = events;
    this.#allowance = limits.messageBurst;
    this.#helloTimer = setTimeout(() => this.close('HELLO_TIMEOUT', 'no hello'), limits.helloMs);
    this.#link = new Link(socket, limits, {
      received: (data) => this.#received(data),
      closed: (code, reason) => {
        clearTimeout(this.#helloTimer);
        events.closed(this, code, reason);
      },
    });
  }

  get ready(): boolean {
    return this.#link.open && this.#state === 'ready';
  }

  /**
   * What `train` says, and the client compares with what has arrived.
   *
   * @param roundDigest SHA-256 of the round's frame
   * @returns SHA-256 of both frames' digests, in hexadecimal
   */
  taskDigest(roundDigest: Uint8Array): string {
    return createHash('sha256').update(this.#assignment).update(roundDigest).digest('hex');
  }

  sendFrame(frame: Uint8Array): Promise<void> {
    return this.#link.sendFrame(frame);
  }

  send(message: ServerMessage): void {
    if (message.type === 'train' || message.type === 'grant') this.#asked += 1;
    this.#link.send(message);
  }

  /** Says why in full, since the reason of a close is short, and closes. */
  dismiss(name: CloseName, reason: string, returnAfterMs?: number): void {
    this.send({ type: 'goodbye', reason, ...(returnAfterMs === undefined ? {} : { returnAfterMs }) });
    this.close(name, reason);
  }

  close(name: CloseName, reason: string): void {
    this.#link.close(name, reason);
  }

  #received(data: Buffer): void {
    if (!this.#mayAsk()) return this.close('TOO_MANY_MESSAGES', `over ${this.#limits.messagesPerSecond} a second`);
    const { message } = decodeFrame(data, clientMessage);
    const state = this.#state;
    switch (message.type) {
      case 'goodbye':
        return this.close('GOODBYE', message.reason);
      case 'hello':
        return state === 'greeting' ? this.#hello(message) : this.#unexpected(message.type);
      case 'ready':
        return state === 'loading' ? this.#ready(message) : this.#unexpected(message.type);
    }
    if (state !== 'ready') return this.#unexpected(message.type);
    if (message.type === 'offer') return this.#events.offered(this, message);
    if (message.type === 'update') return this.#events.submitted(this, message, data);
    this.#events.failed(this, message);
  }

  #unexpected(type: string): void {
    this.close('UNEXPECTED_MESSAGE', `${type} while ${this.#state}`);
  }

  #hello({ protocol, slot, software }: Message<'hello'>): void {
    clearTimeout(this.#helloTimer);
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `coordinator speaks protocol ${PROTOCOL_VERSION}, client (${software}) ${protocol}`;
      return this.dismiss('VERSION_MISMATCH', versions);
    }
    const answer = this.#events.greet(this, slot);
    if ('refuse' in answer) return this.dismiss(answer.refuse, answer.reason);
    this.#state = 'loading';
    const frame = encodeFrame(answer);
    this.#assignment = createHash('sha256').update(frame).digest();
    void this.sendFrame(frame);
  }

  #ready(message: Message<'ready'>): void {
    const refusal = this.#events.declared(this, message);
    if (refusal !== undefined) return this.dismiss(refusal.refuse, refusal.reason);
    this.#state = 'ready';
  }

  #mayAsk(): boolean {
    if (this.#asked > 0) {
      this.#asked -= 1;
      return true;
    }
    const { messagesPerSecond, messageBurst } = this.#limits;
    const present = performance.now();
    const earned = ((present - this.#filledAt) / 1000) * messagesPerSecond;
    this.#allowance = Math.min(messageBurst, this.#allowance + earned) - 1;
    this.#filledAt = present;
    return this.#allowance >= 0;
  }
}
