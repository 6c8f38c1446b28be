/** What a client does over its line: ask for a page, and become a WebSocket. */
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { WebSocket } from 'ws';
import { type DialOptions, targetOf, verifyingAgent } from './dial.js';
import { saysSpeakTls } from './explain.js';
import { plainOnTls } from './failures.js';

/** Bytes of the largest page that a client reads. */
const PAGE_BYTES = 64 * 1024;

export interface Page {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface UpgradeOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the largest message that the coordinator may send. */
  readonly maxPayload: number;
}

export interface Line {
  /** GET of a path below the URL's, one after the other. Rejects for what `explain` explains, and for the network's failures. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Page>;
  /** An open WebSocket; no message comes before whoever awaits it could listen. Rejects with Refused if the coordinator says no. */
  upgrade(path: string, options: UpgradeOptions): Promise<WebSocket>;
  /** Ends the connection, unless it is a WebSocket by now, which is the caller's. */
  close(): void;
}

/** The coordinator answered the upgrade with an HTTP status. */
export class Refused extends Error {
  readonly status: number;
  /** The coordinator's words, or its body's beginning. */
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, headers, body }: Page) {
    const reason = reasonIn(body);
    super(`the coordinator answers ${status}: ${reason}`);
    this.name = 'Refused';
    this.status = status;
    this.reason = reason;
    const after = headers['retry-after'];
    this.retryAfterSeconds = after !== undefined && /^\d{1,6}$/.test(after) ? Number(after) : undefined;
  }
}

/** Nothing is connected before the first request. @throws FedtempoError TLS_FAILED, TLS_INVALID */
export function dial(url: string, options: DialOptions): Line {
  const target = targetOf(url, options);
  const { agent, close } = verifyingAgent(target, options);
  const { secure, host, port, prefix } = target;
  const late = () => Object.assign(new Error(`no answer within ${options.timeoutMs} ms`), { code: 'ETIMEDOUT' });

  const checked = (page: Page): Page => {
    if (!secure && saysSpeakTls(page.status, page.body)) throw plainOnTls(url);
    return page;
  };

  const get: Line['get'] = (path, headers = {}) =>
    new Promise((resolve, reject) => {
      const send = secure ? secureRequest : plainRequest;
      const request = send({ agent, host, port, path: prefix + path, headers });
      const timer = setTimeout(() => request.destroy(late()), 2 * options.timeoutMs);
      request.on('error', reject).on('close', () => clearTimeout(timer));
      request.on('response', (response) => void readPage(response).then(checked).then(resolve, reject));
      request.end();
    });

  const upgrade: Line['upgrade'] = (path, { headers = {}, maxPayload }) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${secure ? 'wss' : 'ws'}://${new URL(url).host}${prefix}${path}`, {
        agent,
        headers,
        maxPayload,
        perMessageDeflate: false,
      });
      const fail = (error: unknown) => {
        clearTimeout(timer);
        reject(error);
        socket.terminate();
      };
      const timer = setTimeout(() => fail(late()), 2 * options.timeoutMs);
      socket.on('error', fail);
      socket.on('unexpected-response', (_, response: IncomingMessage) => {
        void readPage(response)
          .then(checked)
          .then((page) => fail(new Refused(page)), fail);
      });
      socket.on('open', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        socket.on('error', () => {});
        // What the coordinator says at once may be here already: it waits until whoever awaits this listens.
        socket.pause();
        setImmediate(() => socket.resume());
        resolve(socket);
      });
    });

  return { get, upgrade, close };
}

async function readPage(response: IncomingMessage): Promise<Page> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > PAGE_BYTES) throw new Error(`the coordinator's answer has more than ${PAGE_BYTES} bytes`);
    pieces.push(piece);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString() };
}

/** The reason of a refusal in JSON; of anything else, such as a proxy's page, its beginning without markup. */
function reasonIn(body: string): string {
  try {
    const { reason } = JSON.parse(body) as { reason?: unknown };
    if (typeof reason === 'string') return printable(reason);
  } catch {
    // A page of somebody else's.
  }
  return printable(body.replace(/<[^>]*>/g, ' '));
}

function printable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, 200);
}
