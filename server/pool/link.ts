/**
 * One WebSocket as the coordinator holds it: heartbeat on a monotonic clock, a bound on what waits to be sent, and a close that
 * takes effect whether the peer answers or not. What is said over it is the matter of its owner.
 */
import type { WebSocket } from 'ws';
import { messageOf } from '../../shared/errors.js';
import { closeCodes, closeReason } from '../../shared/protocol/close-codes.js';
import { encodeFrame } from '../../shared/protocol/codec.js';
import type { Limits } from '../../shared/protocol/limits.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import { turn } from './turn.js';

export type CloseName = keyof typeof closeCodes;

export interface LinkEvents {
  /** A binary message. What it throws closes the link as MALFORMED. */
  received(data: Buffer): void;
  closed(code: number, reason: string): void;
}

export class Link {
  readonly #socket: WebSocket;
  readonly #limits: Limits;
  readonly #heartbeat: NodeJS.Timeout;
  /** Why this end closed, in words of its own, since a reason on the wire is short. */
  #closing: { code: number; reason: string } | undefined;
  readonly #events: LinkEvents;
  #heardAt = performance.now();
  /** Frames that the system has not taken yet, and since when none of them was. */
  #unsent = 0;
  #unsentSince = 0;
  #open = true;
  /** Messages that were put off, since the event loop has others to see to. */
  #waiting: Buffer[] | undefined;

  constructor(socket: WebSocket, limits: Limits, events: LinkEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    this.#heartbeat = setInterval(() => this.#beat(), limits.pingEveryMs);
    socket.on('error', (error) => {
      this.#closing ??= { code: 1006, reason: messageOf(error) };
    });
    socket.on('pong', () => this.#heard());
    socket.on('message', (data, binary) => {
      this.#heard();
      if (!this.#open) return;
      if (!binary) return this.close('MALFORMED', 'a text message; the protocol is binary');
      if (this.#waiting === undefined && !turn.over) this.#receive(data as Buffer);
      else this.#putOff(data as Buffer);
    });
    socket.on('close', (code, reason) => {
      this.#catchUp();
      this.#open = false;
      clearInterval(this.#heartbeat);
      const ending = this.#closing ?? { code, reason: reason.toString() };
      events.closed(ending.code, ending.reason);
    });
  }

  /** False as soon as either end has closed. */
  get open(): boolean {
    return this.#open;
  }

  /** Sends a frame that was encoded before: the same bytes may go to many. Resolves when the system has taken them. */
  sendFrame(frame: Uint8Array): Promise<void> {
    if (this.#socket.bufferedAmount > this.#limits.bufferedBytes + frame.length) {
      this.close('TOO_SLOW', `${this.#socket.bufferedAmount} bytes wait to be sent`);
    }
    if (this.#unsent++ === 0) this.#unsentSince = performance.now();
    return new Promise((resolve) =>
      this.#socket.send(frame, () => {
        this.#unsent -= 1;
        this.#unsentSince = performance.now();
        resolve();
      }),
    );
  }

  send(message: ServerMessage): void {
    void this.sendFrame(encodeFrame(message));
  }

  /** Closes with a code; cuts the connection off if the peer does not answer in time. */
  close(name: CloseName, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closing ??= { code: closeCodes[name], reason };
    this.#socket.close(closeCodes[name], closeReason(reason));
    setTimeout(() => this.#socket.terminate(), this.#limits.goodbyeMs).unref();
  }

  #receive(data: Buffer): void {
    if (!this.#open) return;
    try {
      this.#events.received(data);
    } catch (error) {
      this.close('MALFORMED', messageOf(error));
    }
  }

  #putOff(data: Buffer): void {
    if (this.#waiting !== undefined) return void this.#waiting.push(data);
    this.#waiting = [data];
    this.#socket.pause();
    turn.later(() => this.#catchUp());
  }

  #catchUp(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const data of waiting) this.#receive(data);
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #heard(): void {
    this.#heardAt = performance.now();
  }

  #beat(): void {
    const present = performance.now();
    if (this.#unsent > 0 && present - this.#unsentSince > this.#limits.drainMs) {
      this.close('TOO_SLOW', `nothing of what waits was taken for ${this.#limits.drainMs} ms`);
      return this.#socket.terminate();
    }
    if (present - this.#heardAt > this.#limits.silenceMs) {
      this.close('SILENT', 'no sign of the client');
      return this.#socket.terminate();
    }
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}
