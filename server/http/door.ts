/**
 * The coordinator's door to the network: TLS or plain text, pages and WebSockets on one port. Whoever comes is counted,
 * limited and checked, and is admitted at the HTTP upgrade, before a WebSocket or any buffer for it exists; until then
 * nothing but the head of a request is read.
 */
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Limits } from '../../shared/protocol/limits.js';
import { turn } from '../pool/turn.js';
import { addressSet, plainAddress } from './addresses.js';
import { answerRaw, answerWith, type DoorAnswer, refusal } from './answer.js';
import { type CertificateAndKey, checkedTls } from './certificate.js';
import { listen } from './listen.js';
import { type DoorRequest, type Refusal, type RequestRules, readRequest } from './request.js';
import { Sockets } from './sockets.js';

export type { DoorAnswer, DoorRequest };

export type Admission =
  /** An HTTP status, and a reason that the peer may read. */
  | { readonly refuse: number; readonly reason: string; readonly retryAfterSeconds?: number }
  | { readonly accept: (socket: WebSocket) => void };

export interface DoorOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls?: CertificateAndKey | undefined;
  /** '' or, behind a reverse proxy, such as '/fedtempo': requests elsewhere get 404. */
  readonly prefix: string;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Host headers, host or host:port, that are accepted; undefined: any. */
  readonly hosts?: readonly string[] | undefined;
  /** Origin headers that are accepted; programs send none, pages in a browser do. */
  readonly origins: readonly string[];
  readonly limits: Limits;
  /** Bytes of the largest message that an admitted peer may send. */
  readonly maxPayload: number;
  /** Answers a plain GET below the prefix; undefined: 404. */
  readonly answer?: (request: DoorRequest) => DoorAnswer | Promise<DoorAnswer> | undefined;
  /** Decides on an upgrade. */
  readonly admit: (request: DoorRequest) => Admission;
  /** Told of whatever is refused or goes wrong, in words of ours alone; there may be many a second. */
  readonly onRefused: (reason: string) => void;
}

export interface Door {
  /** `ws://` or `wss://`, with host, port and prefix. */
  readonly url: string;
  readonly port: number;
  /** Bytes over all sockets, open and closed, as the operating system carried them. */
  traffic(): { down: number; up: number };
  /** Open sockets, and those of them that are not WebSockets. */
  counts(): { sockets: number; pending: number };
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/** The first byte of a TLS handshake; no HTTP method begins with it. */
const TLS_HANDSHAKE = 0x16;

/** Opens the door. @throws FedtempoError PORT_UNAVAILABLE, TLS_INVALID, LIMIT_INVALID */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { limits, prefix, onRefused } = options;
  const trusted = addressSet(options.trustedProxies);
  const hosts = options.hosts?.map((host) => host.toLowerCase());
  const rules: RequestRules = { prefix, trusted, hosts, origins: options.origins };
  const sockets = new Sockets(limits, onRefused);
  const webSockets = webSocketServer(options);

  const request: RequestListener = async (message, response) => {
    sockets.renew(message.socket);
    response.once('close', () => sockets.renew(message.socket));
    const turnAway = ({ status, reason }: Refusal) => {
      onRefused(reason);
      answerWith(response, refusal(status, reason));
    };
    try {
      const read = readRequest(message, rules);
      if ('status' in read) return turnAway(read);
      const answer = await options.answer?.(read);
      answerWith(response, answer ?? refusal(404, 'nothing is here'));
    } catch {
      turnAway({ status: 500, reason: 'a request could not be answered' });
    }
  };

  const upgrade = (message: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket;
    socket.on('error', () => socket.destroy());
    const turnAway = (status: number, reason: string, retryAfterSeconds?: number) => {
      onRefused(reason);
      answerRaw(socket, refusal(status, reason, retryAfterSeconds));
    };
    try {
      const read = readRequest(message, rules);
      if ('status' in read) return turnAway(read.status, read.reason);
      if (!sockets.attribute(socket, read.address)) return turnAway(429, 'too many connections of one address', 1);
      const admission = options.admit(read);
      if ('refuse' in admission) return turnAway(admission.refuse, admission.reason, admission.retryAfterSeconds);
      webSockets.handleUpgrade(message, socket, head, (webSocket) => {
        sockets.admitted(socket);
        readInTurns(webSocket, socket);
        webSocket.on('error', () => {});
        admission.accept(webSocket);
      });
    } catch {
      onRefused('an upgrade could not be answered');
      socket.destroy();
    }
  };

  const http = { maxHeaderSize: limits.requestHeadBytes, keepAliveTimeout: 0 };
  const inner =
    options.tls === undefined
      ? createHttp(http, request)
      : createHttps({ ...http, ...checkedTls(options.tls), handshakeTimeout: limits.handshakeMs }, request);
  inner.on('upgrade', upgrade);
  inner.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!error.code?.startsWith('HPE_')) return void socket.destroy();
    const overflow = error.code === 'HPE_HEADER_OVERFLOW';
    const reason = overflow ? 'the head of a request is too large' : 'what came is no HTTP request';
    onRefused(reason);
    answerRaw(socket, refusal(overflow ? 431 : 400, reason));
  });
  // https passes these on as clientError as well, where the socket is ended; one that only went away is not refused.
  inner.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') onRefused('a TLS handshake failed');
  });
  inner.on('secureConnection', (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    sockets.renew(socket);
  });

  /** A client that speaks plain text to a TLS port is told so, which TLS itself could not do. */
  const peek = (socket: Socket, first: Buffer) => {
    socket.pause();
    if (first[0] === TLS_HANDSHAKE) {
      socket.unshift(first);
      inner.emit('connection', socket);
      return;
    }
    onRefused('plain text on a TLS port');
    answerRaw(socket, refusal(400, 'this port speaks TLS: connect with wss:// or https://'));
  };
  const front = createTcp({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (!sockets.enter(socket, trusted(plainAddress(socket.remoteAddress)))) return;
    if (options.tls === undefined) inner.emit('connection', socket);
    else socket.once('data', (first: Buffer) => peek(socket, first)).once('end', () => socket.destroy());
  });
  await listen(front, options.host, options.port);
  const { port } = front.address() as AddressInfo;
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls === undefined ? 'ws' : 'wss'}://${name}:${port}${prefix}`,
    port,
    traffic: () => sockets.traffic(),
    counts: () => sockets.counts(),
    close: () =>
      new Promise((resolve) => {
        front.close(() => resolve());
        sockets.destroy();
      }),
  };
}

/** Of a socket with much to say, a turn of the event loop that has had its share takes one more piece. */
function readInTurns(webSocket: WebSocket, socket: Socket): void {
  socket.on('data', () => {
    if (webSocket.isPaused || !turn.over) return;
    webSocket.pause();
    turn.later(() => webSocket.resume());
  });
}

function webSocketServer({ limits, maxPayload }: DoorOptions): WebSocketServer {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    maxFragments: limits.fragments,
    // Pieces, as they are read from the socket, of a message that is not complete: what each costs beside its bytes
    // must stay small against the message, and honest networks deliver larger ones.
    maxBufferedChunks: Math.ceil(maxPayload / 128) + 1024,
  });
  server.on('wsClientError', (_, socket: Duplex) => {
    answerRaw(socket, refusal(400, 'the request is no WebSocket upgrade'));
  });
  return server;
}
