/**
 * A client without training: the real handshake, signatures, offers and answers over the modules of `fedtempo join`, and
 * an update that was made beforehand. It comes back with join's own back-off.
 */
import { backOffMs } from '../../dist/client/join/back-off.js';
import { readChallenge } from '../../dist/client/join/challenge.js';
import { dial } from '../../dist/client/secure/line.js';
import { decodeFrame, encodeFrame } from '../../dist/shared/protocol/codec.js';
import { limits, PROTOCOL_VERSION } from '../../dist/shared/protocol/limits.js';
import { serverMessage } from '../../dist/shared/protocol/messages.js';
import { frameParts } from '../../dist/shared/protocol/sealed.js';
import { connectStatement, updateStatement } from '../../dist/shared/protocol/statements.js';

export const EXAMPLES = 60;

const metrics = { loss: 1.5, accuracy: 0.5, examplesUsed: EXAMPLES };
const used = { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 10, steps: 6, truncatedBatches: 0 };

/** For all uploads of the process: sending masks a frame into memory of its own at once. */
let scratch = new Uint8Array(0);

/** A sealed frame without the copies that a client which trains can afford. */
function assemble(head, tensor, seal) {
  const bytes = head.length + tensor.length + seal.length;
  if (scratch.length < bytes) scratch = new Uint8Array(2 * bytes);
  scratch.set(head);
  scratch.set(tensor, head.length);
  scratch.set(seal, head.length + tensor.length);
  return scratch.subarray(0, bytes);
}

export class LightClient {
  client;
  #socket;
  #moment;
  /** The last `train` message. */
  task;
  #failures = 0;
  #events;
  #options;

  /**
   * @param options `url`, `ca`, `identity`, and `update`: `{bytes: Uint8Array, digest: Buffer}`, or nothing
   * @param events `ready`, `lost`, `task` (it has a round to reply to), `answered`
   */
  constructor(options, events) {
    this.#options = options;
    this.#events = events;
  }

  /** Connects, and again whenever the connection is gone. */
  async connect() {
    const { url, ca, identity } = this.#options;
    const line = dial(url, { ca, timeoutMs: limits.handshakeMs });
    try {
      const { protocol: _, ...moment } = readChallenge(await line.get('/challenge'), url);
      const signature = Buffer.from(identity.sign(connectStatement({ ...moment, key: identity.key })));
      const headers = {
        'fedtempo-key': identity.key,
        'fedtempo-nonce': moment.nonce,
        'fedtempo-signature': signature.toString('base64url'),
      };
      this.#moment = moment;
      this.#serve(await line.upgrade('/join', { headers, maxPayload: 64 * 1024 * 1024 }));
    } catch (error) {
      this.#again(error.message);
    } finally {
      line.close();
    }
  }

  /** Offers the update of the round that it was told to train. */
  offer() {
    const { run, round, nonce } = this.task;
    const digest = this.#options.update.digest.toString('hex');
    this.#send({ type: 'offer', run, round, nonce, client: this.client, digest });
  }

  #serve(socket) {
    this.#socket = socket;
    let ready = false;
    socket.on('message', (data) => {
      const { message } = decodeFrame(data, serverMessage);
      switch (message.type) {
        case 'assign':
          this.client = message.hosting.index;
          this.#send({ type: 'ready', clients: 0, examples: EXAMPLES, features: 784, classes: 10 });
          ready = true;
          this.#failures = 0;
          return this.#events.ready(this);
        case 'train':
          this.task = message;
          return this.#events.task(this);
        case 'grant':
          return this.#upload();
        case 'answer':
          return this.#events.answered(this, message);
      }
    });
    socket.on('close', (code, reason) => {
      if (ready) this.#events.lost(this, `${code} ${reason}`);
      this.#again(`${code} ${reason}`);
    });
    this.#send({ type: 'hello', protocol: PROTOCOL_VERSION, software: 'bench' });
  }

  #upload() {
    const { identity, update } = this.#options;
    const { run, round, nonce } = this.task;
    const key = { run, round, nonce, client: this.client };
    const head = encodeFrame({ type: 'update', ...key, examples: EXAMPLES, metrics, used, trainMs: 0 });
    const statement = updateStatement(this.#moment, frameParts(head).header, update.digest);
    this.#socket.send(assemble(head, update.bytes, identity.sign(statement)));
  }

  #send(message) {
    this.#socket.send(encodeFrame(message));
  }

  #again(why) {
    this.#events.away?.(this, why);
    setTimeout(() => this.connect(), backOffMs(this.#failures++));
  }
}
