/**
 * A TCP socket that says what a WebSocket library would never say: frames by hand, of any length and without a mask. It hears
 * HTTP heads and, once upgraded, whole frames, and it knows how the other end left.
 */
import { connect } from 'node:net';

const BINARY = 2;
const CLOSE = 8;

export class RawSocket {
  #socket;
  #received = Buffer.alloc(0);
  #upgraded = false;
  #ended = false;
  #wake = () => {};
  /** Close code of the other end's WebSocket; undefined if it had none to say. */
  closeCode;
  /** Binary messages that nobody has taken yet. */
  messages = [];

  /** Resolves when connected; one that is refused or cut off at once has ended. @param {number} port */
  static async connect(port) {
    const raw = new RawSocket();
    await new Promise((resolve) => {
      raw.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      raw.#socket.once('connect', resolve).once('error', resolve);
      raw.#socket.on('error', () => raw.#end());
      raw.#socket.once('end', () => raw.#end()).once('close', () => raw.#end());
      raw.#socket.on('data', (data) => raw.#take(data));
    });
    return raw;
  }

  get ended() {
    return this.#ended;
  }

  /** @param {string | Uint8Array} bytes */
  write(bytes) {
    if (!this.#ended) this.#socket.write(bytes);
    return this;
  }

  /** Says that nothing more comes, and goes on listening. */
  finish() {
    this.#socket.end();
  }

  /** Reads nothing more. */
  pause() {
    this.#socket.pause();
  }

  destroy() {
    this.#socket.destroy();
  }

  /** Sends one WebSocket frame. @param {{ opcode?: number, fin?: boolean, mask?: boolean, length?: number, rsv?: number }} form */
  frame(payload, { opcode = BINARY, fin = true, mask = true, length = payload.length, rsv = 0 } = {}) {
    const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    const head = Buffer.alloc(2 + size + (mask ? 4 : 0));
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = (mask ? 0x80 : 0) | (size === 0 ? length : size === 2 ? 126 : 127);
    if (size === 2) head.writeUInt16BE(length, 2);
    if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
    // A mask of zeros changes nothing, and is one.
    return this.write(Buffer.concat([head, payload]));
  }

  /** Waits until `ready` gives something. @returns what it gave; undefined once the other end has left, or after so long */
  async until(ready, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const result = ready();
      if (result !== undefined) return result;
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) return undefined;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The next answer to a request: its status and its body, if that is as long as it says. */
  answer(timeoutMs) {
    return this.until(() => {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const head = this.#received.toString('latin1', 0, end);
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
      const length = status === 101 ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (this.#received.length < end + 4 + length) return undefined;
      const body = this.#received.toString('utf8', end + 4, end + 4 + length);
      this.#received = this.#received.subarray(end + 4 + length);
      if (status === 101) {
        this.#upgraded = true;
        this.#parse();
      }
      return { status, body };
    }, timeoutMs);
  }

  /** The next binary message. */
  message(timeoutMs) {
    return this.until(() => this.messages.shift(), timeoutMs);
  }

  /** Whether the other end has left within so long. */
  async left(timeoutMs) {
    await this.until(() => undefined, timeoutMs);
    return this.#ended;
  }

  #take(data) {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    if (this.#upgraded) this.#parse();
    this.#wake();
  }

  #end() {
    this.#ended = true;
    this.#wake();
  }

  /** Takes whole frames out of what was received. A coordinator neither masks nor fragments. */
  #parse() {
    for (;;) {
      const bytes = this.#received;
      if (bytes.length < 2) return;
      const short = bytes[1] & 0x7f;
      const size = short < 126 ? 0 : short === 126 ? 2 : 8;
      if (bytes.length < 2 + size) return;
      const length = size === 0 ? short : size === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < 2 + size + length) return;
      const payload = bytes.subarray(2 + size, 2 + size + length);
      this.#received = bytes.subarray(2 + size + length);
      const opcode = bytes[0] & 0x0f;
      if (opcode === BINARY) this.messages.push(payload);
      if (opcode === CLOSE) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    }
  }
}
