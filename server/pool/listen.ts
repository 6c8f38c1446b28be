/**
 * The coordinator's door: an http server on loopback that lets in WebSockets which carry the run's token.
 * Authentication happens at the upgrade, before a WebSocket or any buffer for it exists.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { FedtempoError } from '../../shared/errors.js';
import { limits, maxFrameBytes } from '../../shared/protocol/limits.js';

export interface DoorOptions {
  readonly port: number;
  readonly token: string;
  /** float32 values of an update, which is the largest frame that clients send. */
  readonly updateValues: number;
  readonly onSocket: (socket: WebSocket) => void;
  /** Connections that have been let in but are not assigned yet. */
  readonly pending: () => number;
}

export interface Door {
  readonly url: string;
  /** Bytes over all sockets, open and closed, as the operating system carried them. */
  traffic(): { down: number; up: number };
  close(): Promise<void>;
}

/** Opens the door. @throws FedtempoError PORT_UNAVAILABLE */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const server = createServer((_, response) => response.writeHead(426, { connection: 'close' }).end());
  server.headersTimeout = limits.helloMs;
  server.requestTimeout = limits.helloMs;
  const sockets = new Set<Socket>();
  const past = { down: 0, up: 0 };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      past.down += socket.bytesWritten;
      past.up += socket.bytesRead;
    });
  });
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes(options.updateValues),
    maxFragments: limits.fragments,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!authorized(request, options.token)) return refuse(socket, '401 Unauthorized');
    if (options.pending() >= limits.pendingConnections) return refuse(socket, '503 Service Unavailable');
    webSockets.handleUpgrade(request, socket, head, options.onSocket);
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    traffic: () => {
      const total = { ...past };
      for (const socket of sockets) {
        total.down += socket.bytesWritten;
        total.up += socket.bytesRead;
      }
      return total;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function authorized({ headers }: IncomingMessage, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new FedtempoError('PORT_UNAVAILABLE', 'the coordinator cannot listen on its port', {
          where: 'pool.port',
          found: taken ? `port ${port} is taken by another program` : `port ${port}: ${error.message}`,
          expected: 'a free port above 1023, or 0 for any free one',
          fix: 'leave pool.port out, or choose another with --set pool.port=0',
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
