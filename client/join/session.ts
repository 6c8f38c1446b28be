/**
 * One connection of a client, as a state machine: greeting (hello sent) → loading (assigned) → waiting (for a round, training,
 * offering) → closed. It ends with the connection; what must outlive it is in the outbox and the trainer.
 *
 * A connection may be dead without a word. The coordinator pings, and says in its assignment for how long it may be silent
 * (its limit `silenceMs`); until then it owes an answer within `helloMs`. After that the connection is given up.
 */
import { createHash } from 'node:crypto';
import type { WebSocket } from 'ws';
import { messageOf } from '../../shared/errors.js';
import { closeCodes, closeReason } from '../../shared/protocol/close-codes.js';
import { decodeFrame, encodeFrame, tensorOf } from '../../shared/protocol/codec.js';
import { limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import { type Answer, type ClientMessage, type ServerMessage, serverMessage } from '../../shared/protocol/messages.js';
import { decodeRound, type RoundContent } from '../../shared/protocol/round-frame.js';
import { frameParts, sealFrame } from '../../shared/protocol/sealed.js';
import { type Moment, updateStatement } from '../../shared/protocol/statements.js';
import type { Identity } from '../identity.js';
import type { Outbox, Outgoing, TaskKey } from './outbox.js';
import type { Assignment, Trainer } from './trainer.js';

export interface SessionOptions {
  readonly moment: Moment;
  readonly identity: Identity;
  readonly software: string;
  /** The client that it asks to be; any free one if left out. */
  readonly client: number | undefined;
  /** Which of the clients of this process it is. */
  readonly part: number;
  readonly outbox: Outbox;
  readonly trainer: Trainer;
  readonly signal: AbortSignal;
  /** The coordinator knows what the client has: it takes part in rounds from now on. */
  readonly onReady: (client: number) => void;
  readonly onTask: (task: { round: number; client: number }) => void;
  readonly onAnswer: (answer: { round: number; client: number; answer: Answer; reason: string }) => void;
}

/** How a connection ended. */
export interface SessionEnd {
  readonly code: number;
  readonly reason: string;
  /** When the coordinator wants to see the client again. */
  readonly returnAfterMs: number | undefined;
}

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

/** Serves until the connection ends. Never throws for what the network does. */
export function runSession(socket: WebSocket, options: SessionOptions): Promise<SessionEnd> {
  return new Promise((resolve) => new Session(socket, options, resolve));
}

class Session {
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  #assignment: Assignment | undefined;
  /** SHA-256 of the assignment's frame. */
  #assigned: Uint8Array = new Uint8Array(0);
  #silenceMs: number = limits.helloMs;
  #round: { readonly key: TaskKey; readonly content: RoundContent; readonly digest: Uint8Array } | undefined;
  #ready = false;
  /** The task, by its nonce, whose update was offered and has no answer yet. */
  #offered: string | undefined;
  #silence: NodeJS.Timeout | undefined;
  #goodbye: Message<'goodbye'> | undefined;
  #failure = '';

  constructor(socket: WebSocket, options: SessionOptions, ended: (end: SessionEnd) => void) {
    this.#socket = socket;
    this.#options = options;
    const { signal, software, client } = options;
    const leave = () => {
      this.#send({ type: 'goodbye', reason: 'the client leaves' });
      this.#close('GOODBYE', 'the client leaves');
    };
    socket.on('error', (error) => {
      this.#failure = messageOf(error);
    });
    socket.on('ping', () => this.#heard());
    socket.on('message', (data) => this.#receive(data as Buffer));
    socket.on('close', (code, reason) => {
      clearTimeout(this.#silence);
      signal.removeEventListener('abort', leave);
      const { reason: said, returnAfterMs } = this.#goodbye ?? {};
      ended({ code, reason: said ?? (this.#failure || reason.toString()), returnAfterMs });
    });
    this.#heard();
    this.#send({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      software,
      ...(client === undefined ? {} : { slot: client }),
    });
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
  }

  /** Any sign of the coordinator; without one for too long the connection is given up. */
  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#failure = `no sign of the coordinator for ${this.#silenceMs / 1000} s`;
      this.#socket.terminate();
    }, this.#silenceMs);
  }

  #receive(data: Buffer): void {
    this.#heard();
    try {
      const { message, tensor } = decodeFrame(data, serverMessage);
      this.#handle(message, tensor, data);
    } catch (error) {
      this.#close('MALFORMED', messageOf(error));
    }
  }

  #handle(message: ServerMessage, tensor: Uint8Array, frame: Uint8Array): void {
    switch (message.type) {
      case 'goodbye':
        this.#goodbye = message;
        return;
      case 'assign':
        return void this.#assign(message, sha256(frame));
      case 'round':
        return this.#take(message, tensor, sha256(frame));
      case 'train':
        return this.#train(message);
      case 'grant':
        return this.#upload(message);
      case 'answer':
        this.#offered = undefined;
        this.#options.outbox.acknowledge(message);
        return this.#options.onAnswer(message);
    }
  }

  async #assign({ silenceMs, ...assignment }: Assignment, digest: Uint8Array): Promise<void> {
    if (assignment.protocol !== PROTOCOL_VERSION) {
      const versions = `coordinator speaks protocol ${assignment.protocol}, this client ${PROTOCOL_VERSION}`;
      return this.#close('VERSION_MISMATCH', versions);
    }
    if (this.#assignment !== undefined) return this.#close('UNEXPECTED_MESSAGE', 'a second assignment');
    this.#assignment = assignment;
    this.#assigned = digest;
    this.#silenceMs = Math.min(2 ** 31 - 1, silenceMs ?? limits.silenceMs);
    this.#heard();
    const { trainer, part, onReady, outbox } = this.#options;
    try {
      const declaration = await trainer.prepare(assignment, part);
      this.#send({ type: 'ready', ...declaration });
    } catch (error) {
      this.#goodbye = { type: 'goodbye', reason: messageOf(error) };
      return this.#close('CLIENT_FAILED', messageOf(error));
    }
    this.#ready = true;
    onReady(assignment.hosting.index);
    const { unacknowledged } = outbox;
    if (unacknowledged?.run === assignment.run) this.#offer(unacknowledged);
  }

  #take(message: Message<'round'>, tensor: Uint8Array, digest: Uint8Array): void {
    const content = decodeRound(message, tensorOf(tensor), this.#assignment?.parameters ?? 0);
    if (!this.#ready || content === undefined || message.control) {
      return this.#close('UNEXPECTED_MESSAGE', `a round with a tensor of ${tensor.length} bytes`);
    }
    const { run, round, nonce } = message;
    this.#round = { key: { run, round, nonce }, content, digest };
  }

  #train({ run, round, nonce, clients, digest }: Message<'train'>): void {
    const { outbox } = this.#options;
    const client = this.#assignment?.hosting.index ?? -1;
    const key = { run, round, nonce };
    if (clients.length !== 1 || clients[0] !== client)
      return this.#close('UNEXPECTED_MESSAGE', 'train for another client');
    if (outbox.has(key)) {
      // It trains already, or has trained: asked again, since the coordinator does not know.
      if (outbox.outgoing !== undefined) this.#offer(outbox.outgoing);
      return;
    }
    const told = this.#round;
    if (told?.key.run !== run || told.key.round !== round || told.key.nonce !== nonce) {
      return this.#close('UNEXPECTED_MESSAGE', 'train without its round');
    }
    // TCP's checksum has 16 bits, and a signature would only say that the client has trained on what had arrived.
    if (digest !== sha256(Buffer.concat([this.#assigned, told.digest])).toString('hex')) {
      return this.#close('MALFORMED', 'the assignment or the round is not what the coordinator has sent');
    }
    const { content } = told;
    this.#round = undefined;
    outbox.begin(key);
    this.#options.onTask({ round, client });
    void this.#work(key, content, client);
  }

  async #work(key: TaskKey, content: RoundContent, client: number): Promise<void> {
    const { trainer, outbox } = this.#options;
    try {
      const update = await trainer.train(content, client);
      const outgoing = { ...key, update, digest: sha256(bytesOf(update.delta)).toString('hex') };
      if (outbox.put(outgoing)) this.#offer(outgoing);
    } catch (error) {
      outbox.drop(key);
      this.#send({ type: 'failure', ...key, client, reason: messageOf(error).slice(0, limits.textCharacters) });
    }
  }

  /** Once until it is answered: a second offer would be granted too, and its update come without credit. */
  #offer({ run, round, nonce, digest, update }: Outgoing): void {
    if (this.#offered === nonce) return;
    this.#offered = nonce;
    this.#send({ type: 'offer', run, round, nonce, client: update.client, digest });
  }

  #upload({ run, round }: Message<'grant'>): void {
    const { outgoing } = this.#options.outbox;
    if (outgoing?.run !== run || outgoing.round !== round) return;
    const { update, nonce } = outgoing;
    const { client, examples, metrics, used, trainMs } = update;
    const message: ClientMessage = { type: 'update', run, round, nonce, client, examples, metrics, used, trainMs };
    const frame = encodeFrame(message, update.delta);
    const { header, tensor } = frameParts(frame);
    const seal = this.#options.identity.sign(updateStatement(this.#options.moment, header, sha256(tensor)));
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(sealFrame(frame, seal));
  }

  #send(message: ClientMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeFrame(message));
  }

  #close(code: keyof typeof closeCodes, reason: string): void {
    this.#goodbye ??= { type: 'goodbye', reason };
    this.#socket.close(closeCodes[code], closeReason(reason));
    setTimeout(() => this.#socket.terminate(), limits.goodbyeMs).unref();
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
