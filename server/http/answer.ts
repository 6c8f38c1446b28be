/** Answers that are no WebSocket: pages below the door's prefix, and refusals in JSON that clients can explain. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { limits } from '../../shared/protocol/limits.js';

export interface DoorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A refusal's body is `{"code": status, "reason": text}`, and the connection closes behind it. */
export function refusal(status: number, reason: string, retryAfterSeconds?: number): Required<DoorAnswer> {
  const headers: Record<string, string> = { connection: 'close', 'content-type': 'application/json' };
  if (status === 405) headers.allow = 'GET';
  if (status === 426) headers.upgrade = 'websocket';
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.max(0, Math.ceil(retryAfterSeconds)));
  return { status, headers, body: `${JSON.stringify({ code: status, reason })}\n` };
}

export function answerWith(response: ServerResponse, { status, headers = {}, body = '' }: DoorAnswer): void {
  if (response.destroyed || response.headersSent) return;
  // What is answered here is of the moment, and nothing that a browser should guess at.
  const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, { ...always, ...headers, 'content-length': String(Buffer.byteLength(body)) }).end(body);
}

/**
 * The same on a socket that no http response belongs to. What the peer still sends is read and dropped for a moment: a
 * socket that is closed with bytes unread is reset, and the peer may lose the answer.
 */
export function answerRaw(socket: Duplex, { status, headers = {}, body = '' }: DoorAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), limits.goodbyeMs);
  socket.once('end', () => {
    if (socket.writableFinished) socket.destroy();
    else socket.once('finish', () => socket.destroy());
  });
  socket.once('close', () => clearTimeout(timer));
}
