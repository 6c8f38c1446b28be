/** What a request's head says, checked before anybody acts on it: method, path, Host, Origin, and whose it is. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { effectiveAddress, plainAddress } from './addresses.js';

export interface DoorRequest {
  readonly method: string;
  /** Without the door's prefix and without the query; begins with `/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The client's own address, also behind a trusted proxy. */
  readonly address: string;
  /** Whether a trusted proxy named the address. */
  readonly forwarded: boolean;
  /** Whether the client's connection is encrypted, here or up to the trusted proxy. */
  readonly secure: boolean;
}

export interface RequestRules {
  readonly prefix: string;
  readonly trusted: (address: string) => boolean;
  /** In lower case. */
  readonly hosts: readonly string[] | undefined;
  readonly origins: readonly string[];
}

/** Why a request is turned away: an HTTP status, and a reason without a word of the peer's. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The request as the rest of the coordinator sees it, or why it goes no further. */
export function readRequest(request: IncomingMessage, rules: RequestRules): DoorRequest | Refusal {
  const { headers, method = '', url = '' } = request;
  if (method !== 'GET') return { status: 405, reason: 'only GET is spoken here' };
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') {
    return { status: 413, reason: 'a request has no body here' };
  }
  if (!url.startsWith('/')) return { status: 400, reason: 'the request names no path' };
  if (!acceptsHost(rules.hosts, headers.host))
    return { status: 421, reason: 'the Host is not one of this coordinator' };
  if (headers.origin !== undefined && !rules.origins.includes(headers.origin)) {
    return { status: 403, reason: 'pages of this Origin may not connect' };
  }
  const [whole, ...rest] = url.split('?');
  const path = below(rules.prefix, whole);
  if (path === undefined) return { status: 404, reason: 'nothing is here' };
  const peer = plainAddress(request.socket.remoteAddress);
  const forwardedFor = headers['x-forwarded-for'];
  const effective = effectiveAddress(peer, [forwardedFor].flat().join(',') || undefined, rules.trusted);
  if (effective === undefined) return { status: 400, reason: 'X-Forwarded-For names no address' };
  const encrypted = (request.socket as Partial<TLSSocket>).encrypted === true;
  const secure = encrypted || (rules.trusted(peer) && headers['x-forwarded-proto'] === 'https');
  return { method, path, query: new URLSearchParams(rest.join('?')), headers, ...effective, secure };
}

/** An entry without a port stands for every port. */
function acceptsHost(hosts: readonly string[] | undefined, host: string | undefined): boolean {
  if (hosts === undefined) return true;
  const found = (host ?? '').toLowerCase();
  return hosts.includes(found) || hosts.includes(found.replace(/:\d+$/, ''));
}

function below(prefix: string, path: string): string | undefined {
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}
