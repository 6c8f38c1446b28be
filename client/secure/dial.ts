/**
 * A line to a coordinator: one connection, over which a client first asks for a challenge and then becomes a WebSocket.
 * Where the URL says wss, the peer is verified before anything is written to it.
 */
import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { FedtempoError } from '../../shared/errors.js';
import { handshakeTimeout } from './failures.js';
import { checkTrust, type Trust, verify } from './verify.js';

export interface DialOptions extends Trust {
  /** For connecting with the TLS handshake; and for each answer. */
  readonly timeoutMs: number;
}

type Done = (error: Error | null, socket?: Socket) => void;

/** Where a line goes. */
export interface Target {
  readonly url: string;
  readonly secure: boolean;
  /** As a socket wants it: an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The path of the URL, '' or '/prefix'. */
  readonly prefix: string;
}

/** @throws FedtempoError TLS_FAILED if the URL is none of a coordinator, or is plain where trust was asked for */
export function targetOf(text: string, { ca, pins = [] }: Trust): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url?.protocol === 'wss:';
  if (url === undefined || !(secure || url.protocol === 'ws:') || url.username !== '' || url.password !== '') {
    throw new FedtempoError('TLS_FAILED', 'there is no such coordinator', {
      found: url?.username || url?.password ? 'a URL with a name or password' : text.slice(0, 200),
      expected: 'wss://host:port, or ws://127.0.0.1:port on this machine',
    });
  }
  if (!secure && (ca !== undefined || pins.length > 0)) {
    throw new FedtempoError('TLS_FAILED', 'an authority or pin was given for a connection without TLS', {
      found: text,
      expected: text.replace(/^ws:/i, 'wss:'),
      fix: 'connect with wss://, or leave them out',
    });
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { url: text, secure, host, port, prefix: url.pathname.replace(/\/+$/, '') };
}

/**
 * An agent of one verified connection, kept alive; `close` ends it and any attempt, but not a WebSocket made over it.
 * @throws FedtempoError TLS_INVALID
 */
export function verifyingAgent(target: Target, options: DialOptions) {
  checkTrust(options);
  const attempts = new Set<Socket>();
  const agent = new (target.secure ? SecureAgent : PlainAgent)({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
  // Node's agent waits for the callback: a request gets a socket, and writes to it, only when that was verified.
  Object.assign(agent, {
    createConnection: (_: unknown, callback: Done) => {
      const attempt = open(target, options, (error, socket) => {
        attempts.delete(attempt);
        callback(error, socket);
      });
      attempts.add(attempt);
    },
  });
  const close = () => {
    for (const socket of attempts) socket.destroy();
    agent.destroy();
  };
  return { agent, close };
}

/** Calls `done` once. Returns the socket for whoever wants to end the attempt. */
function open(target: Target, options: DialOptions, done: Done): Socket {
  const { url, secure, host, port } = target;
  let settled = false;
  const settle = (error: Error | null) => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    if (error === null) return done(null, socket);
    socket.destroy();
    done(error);
  };
  const socket: Socket = secure ? openSecure() : connectPlain({ host, port }, () => settle(null));
  const timer = setTimeout(() => {
    const late = Object.assign(new Error(`no connection within ${options.timeoutMs} ms`), { code: 'ETIMEDOUT' });
    settle(secure && !socket.connecting ? handshakeTimeout(url, options.timeoutMs) : late);
  }, options.timeoutMs);
  socket.setNoDelay(true);
  socket.on('error', (error) => settle(error));
  socket.on('close', () => settle(Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' })));
  return socket;

  function openSecure(): Socket {
    const tls = connectSecure({
      host,
      port,
      // A name for the certificate to be chosen by; addresses may not stand there (RFC 6066).
      servername: isIP(host) === 0 ? host : '',
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      // `verify` decides, since it can say more; nothing else lets a connection through.
      rejectUnauthorized: false,
    });
    return tls.once('secureConnect', () => settle(verify(tls, url, options) ?? null));
  }
}
