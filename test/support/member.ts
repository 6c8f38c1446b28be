/** A client on another machine that proves who it is, and then says whatever a test wants, signed or mis-signed as told. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { type Identity, identityOf } from 'fedtempo/client/identity.js';
import { decodeFrame, encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { type ServerMessage, serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { frameParts, sealFrame } from 'fedtempo/shared/protocol/sealed.js';
import { connectStatement, type Moment, updateStatement } from 'fedtempo/shared/protocol/statements.js';
import { WebSocket } from 'ws';

export const newIdentity = (): Identity => identityOf(generateKeyPairSync('ed25519').privateKey);

export interface MemberOptions {
  readonly identity?: Identity;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it answers pings. */
  readonly autoPong?: boolean;
}

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

export class Member {
  readonly identity: Identity;
  readonly moment: Moment;
  readonly socket: WebSocket;
  /** How the coordinator closed it, and what its goodbye said. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string; readonly goodbye: string | undefined }>;
  readonly #messages: ServerMessage[] = [];
  #goodbye: string | undefined;
  #wake: () => void = () => {};

  private constructor(identity: Identity, moment: Moment, socket: WebSocket) {
    this.identity = identity;
    this.moment = moment;
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { message } = decodeFrame(data as Buffer, serverMessage);
      if (message.type === 'goodbye') this.#goodbye = message.reason;
      this.#messages.push(message);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString(), goodbye: this.#goodbye }));
    });
  }

  /** Challenge, signature, upgrade. @param url `ws://…` of the coordinator */
  static async connect(url: string, options: MemberOptions = {}): Promise<Member> {
    const { identity = newIdentity(), headers = {}, autoPong = true } = options;
    const response = await fetch(`${url.replace(/^ws/, 'http')}/challenge`, { headers: { connection: 'close' } });
    const moment = (await response.json()) as Moment;
    const { key } = identity;
    const signature = Buffer.from(identity.sign(connectStatement({ ...moment, key }))).toString('base64url');
    const proof = { 'fedtempo-key': key, 'fedtempo-nonce': moment.nonce, 'fedtempo-signature': signature };
    const socket = new WebSocket(`${url}/join`, {
      headers: { ...headers, ...proof },
      perMessageDeflate: false,
      autoPong,
    });
    const member = new Member(identity, moment, socket);
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return member;
  }

  say(message: object, ...tensor: Float32Array[]): void {
    this.socket.send(encodeFrame(message, ...tensor));
  }

  /** The next message of a type; others before it are passed over. */
  async hears<T extends ServerMessage['type']>(type: T): Promise<Message<T>> {
    while (true) {
      const message = this.#messages.shift();
      if (message?.type === type) return message as Message<T>;
      if (message !== undefined) continue;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        void this.closed.then(({ code, reason }) => reject(new Error(`closed before ${type}: ${code} ${reason}`)));
      });
    }
  }

  greet(more: object = {}): void {
    this.say({ type: 'hello', protocol: 2, software: 'test', ...more });
  }

  /** Greets, and declares data of its own: what the digits are, unless told otherwise. */
  async joins(declared: object = {}, greeting: object = {}): Promise<Message<'assign'>> {
    this.greet(greeting);
    const assignment = await this.hears('assign');
    this.say({ type: 'ready', clients: 1, examples: 40, features: 64, classes: 10, ...declared });
    return assignment;
  }

  /** Asks to send, and hears that it may. */
  async granted(task: object): Promise<void> {
    this.say({ type: 'offer', ...task, digest: 'ab'.repeat(32) });
    await this.hears('grant');
  }

  /** An update in its frame, signed. @param moment which connection the signature is for */
  sealed(task: object, delta: Float32Array, { moment = this.moment, identity = this.identity } = {}): Uint8Array {
    const metrics = { loss: 1, accuracy: 0.5, examplesUsed: 40 };
    const used = { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 10, steps: 4, truncatedBatches: 0 };
    const frame = encodeFrame({ type: 'update', ...task, examples: 40, metrics, used, trainMs: 1 }, delta);
    const { header, tensor } = frameParts(frame);
    const digest = createHash('sha256').update(tensor).digest();
    return sealFrame(frame, identity.sign(updateStatement(moment, header, digest)));
  }
}

/** What an offer or update names, of a task that the coordinator gave. */
export function taskOf({ run, round, nonce, clients: [client] }: Message<'train'>) {
  return { run, round, nonce, client };
}
