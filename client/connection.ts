/**
 * One client process's connection to its coordinator, written as the state machine that it is:
 * connecting → greeted (hello sent) → assigned (loading data) → working → closed.
 */
import { WebSocket } from 'ws';
import { messageOf } from '../shared/errors.js';
import type { KernelsName } from '../shared/kernels/choose.js';
import { MAX_PARAMETERS } from '../shared/model/model.js';
import { closeCodes, closeReason } from '../shared/protocol/close-codes.js';
import { decodeFrame, encodeFrame, tensorOf } from '../shared/protocol/codec.js';
import { limits, maxFrameBytes, PROTOCOL_VERSION } from '../shared/protocol/limits.js';
import { type ClientMessage, type ServerMessage, serverMessage } from '../shared/protocol/messages.js';
import { decodeRound } from '../shared/protocol/round-frame.js';
import type { FromThread } from './thread-messages.js';
import { TrainingWorker } from './training-worker.js';

export interface ConnectionOptions {
  readonly url: string;
  readonly token: string;
  readonly slot: number;
  readonly software: string;
  readonly kernels: KernelsName;
}

/** How a connection ended. `clean` when the coordinator said goodbye. */
export interface Ending {
  readonly clean: boolean;
  readonly code: number;
  readonly reason: string;
}

type Assignment = Extract<ServerMessage, { type: 'assign' }>;
type RoundKey = Pick<Extract<ServerMessage, { type: 'round' }>, 'run' | 'round' | 'nonce'>;

/** Connects, serves until the connection ends, and says how it ended. Never throws for what the network does. */
export function serveCoordinator(options: ConnectionOptions): Promise<Ending> {
  return new Promise((resolve) => new Connection(options, resolve));
}

class Connection {
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  #assignment: Assignment | undefined;
  #worker: TrainingWorker | undefined;
  #key: RoundKey | undefined;
  /** Whether clients keep state in the present round. */
  #stateful = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions, ended: (ending: Ending) => void) {
    this.#options = options;
    let failure = '';
    this.#socket = new WebSocket(options.url, {
      headers: { authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
      maxPayload: maxFrameBytes(2 * MAX_PARAMETERS),
      handshakeTimeout: limits.helloMs,
    });
    this.#socket.on('error', (error) => {
      failure = messageOf(error);
    });
    this.#socket.on('open', () => {
      const { software, slot } = options;
      this.#send({ type: 'hello', protocol: PROTOCOL_VERSION, software, slot });
    });
    this.#socket.on('ping', () => this.#heard());
    this.#socket.on('message', (data) => this.#receive(data as Buffer));
    this.#socket.on('close', (code, reason) => {
      clearTimeout(this.#silence);
      this.#worker?.stop();
      ended({ clean: code === closeCodes.GOODBYE, code, reason: failure || reason.toString() });
    });
    this.#heard();
  }

  /** Any sign of the coordinator; without one for too long the connection is given up. */
  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), limits.silenceMs);
  }

  #receive(data: Buffer): void {
    this.#heard();
    try {
      const { message, tensor } = decodeFrame(data, serverMessage);
      this.#handle(message, tensor);
    } catch (error) {
      this.#close('MALFORMED', messageOf(error));
    }
  }

  #handle(message: ServerMessage, tensor: Uint8Array): void {
    switch (message.type) {
      case 'assign':
        return this.#assign(message);
      case 'round': {
        const content = decodeRound(message, tensorOf(tensor), this.#assignment?.parameters ?? 0);
        if (this.#worker === undefined || content === undefined) {
          return this.#close('UNEXPECTED_MESSAGE', `a round with a tensor of ${tensor.length} bytes`);
        }
        this.#key = { run: message.run, round: message.round, nonce: message.nonce };
        this.#stateful = message.control;
        return this.#worker.startRound(content);
      }
      case 'train':
        if (message.round !== this.#key?.round) return this.#close('UNEXPECTED_MESSAGE', 'train without its round');
        return this.#train(message.clients, tensorOf(tensor));
      case 'grant':
        return this.#close('UNEXPECTED_MESSAGE', 'a grant without an offer');
      case 'answer':
        return; // The coordinator records refusals; there is nothing for a client to repeat.
      case 'goodbye':
        return this.#close('GOODBYE', message.reason);
    }
  }

  #assign(assignment: Assignment): void {
    if (assignment.protocol !== PROTOCOL_VERSION) {
      const versions = `coordinator speaks protocol ${assignment.protocol}, this client ${PROTOCOL_VERSION}`;
      return this.#close('VERSION_MISMATCH', versions);
    }
    if (this.#assignment !== undefined) return this.#close('UNEXPECTED_MESSAGE', 'a second assignment');
    this.#assignment = assignment;
    const { seed, data, model, folder } = assignment;
    const { kernels } = this.#options;
    this.#worker = new TrainingWorker({ scenario: { seed, data, model }, folder, kernels }, (reply) =>
      this.#reply(reply),
    );
  }

  /** @param state [p], or empty for zeros, of the one client named in a round where clients keep state */
  #train(clients: readonly number[], state: Float32Array): void {
    const most = this.#stateful ? (this.#assignment?.parameters ?? 0) : 0;
    if (state.length !== 0 && state.length !== most) {
      return this.#close('UNEXPECTED_MESSAGE', `a state of ${state.length} values, expected none or ${most}`);
    }
    if (this.#stateful && clients.length !== 1) {
      return this.#close('UNEXPECTED_MESSAGE', `states of ${clients.length} clients in one message`);
    }
    for (const client of clients) this.#worker?.train(client, state.length === 0 ? undefined : state);
  }

  /** What the training thread says, sent on under the key of its round. */
  #reply(reply: FromThread): void {
    switch (reply.type) {
      case 'ready': {
        return this.#send(reply);
      }
      case 'failed':
        return this.#close('CLIENT_FAILED', reply.reason);
      case 'update': {
        const { delta, stateChange, client, round, examples, metrics, used, trainMs } = reply.update;
        if (this.#key?.round !== round) return;
        const message = { type: 'update' as const, ...this.#key, client, examples, metrics, used, trainMs };
        return this.#send(message, delta, stateChange);
      }
      case 'failure': {
        if (this.#key?.round !== reply.round) return;
        const reason = reply.reason.slice(0, limits.textCharacters);
        return this.#send({ type: 'failure', ...this.#key, client: reply.client, reason });
      }
    }
  }

  #send(message: ClientMessage, ...tensor: (Float32Array | undefined)[]): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(message, ...tensor));
  }

  #close(code: keyof typeof closeCodes, reason: string): void {
    this.#socket.close(closeCodes[code], closeReason(reason));
  }
}
