/**
 * Every socket at the door, from its first moment to its last: how many there are, in all and of one address, how many
 * are not WebSockets yet, and until when each of those must have come one step further.
 *
 * The http server's own timers are not used: they run only in a server that listens itself, look once in a while, and
 * know nothing of the time before and during a TLS handshake.
 */
import type { Socket } from 'node:net';
import type { Limits } from '../../shared/protocol/limits.js';
import { countedAs, plainAddress } from './addresses.js';

interface Entry {
  readonly socket: Socket;
  readonly came: number;
  /** What the socket is counted under; undefined for a proxy's, until the address behind it is known. */
  address: string | undefined;
  deadline: NodeJS.Timeout | undefined;
}

/** How long a socket that waits is safe from those that come after it, as a share of the handshake limit. */
const SAFE = 0.1;

export class Sockets {
  readonly #entries = new Map<string, Entry>();
  /** Those that are not WebSockets yet, the longest waiting first. */
  readonly #pending = new Map<string, Entry>();
  readonly #byAddress = new Map<string, number>();
  readonly #past = { down: 0, up: 0 };
  readonly #limits: Limits;
  readonly #onRefused: (reason: string) => void;

  constructor(limits: Limits, onRefused: (reason: string) => void) {
    this.#limits = limits;
    this.#onRefused = onRefused;
  }

  /** Takes a new connection in, or ends it. `shared`: it comes from a trusted proxy, and speaks for another address. */
  enter(socket: Socket, shared: boolean): boolean {
    socket.on('error', () => socket.destroy());
    const key = keyOf(socket);
    const address = shared ? undefined : countedAs(plainAddress(socket.remoteAddress));
    const refusal = this.#refusal(socket, address);
    if (refusal !== undefined) {
      socket.destroy();
      this.#onRefused(refusal);
      return false;
    }
    const entry: Entry = { socket, came: performance.now(), address, deadline: undefined };
    this.#entries.set(key, entry);
    this.#pending.set(key, entry);
    if (address !== undefined) this.#count(address, 1);
    socket.once('close', () => {
      clearTimeout(entry.deadline);
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      if (this.#pending.get(key) === entry) this.#pending.delete(key);
      if (entry.address !== undefined) this.#count(entry.address, -1);
      this.#past.down += socket.bytesWritten;
      this.#past.up += socket.bytesRead;
    });
    this.renew(socket);
    return true;
  }

  /** The socket came a step further, and has as long again for the next. It may be the TLS socket over one that entered. */
  renew(socket: Socket): void {
    const entry = this.#pending.get(keyOf(socket));
    if (entry === undefined) return;
    clearTimeout(entry.deadline);
    entry.deadline = setTimeout(() => {
      this.#onRefused('a handshake took too long');
      entry.socket.destroy();
    }, this.#limits.handshakeMs);
  }

  /** Whether `address`, which a trusted proxy named, may have this socket; it is counted under it from now on. */
  attribute(socket: Socket, address: string): boolean {
    const entry = this.#entries.get(keyOf(socket));
    if (entry === undefined) return false;
    if (entry.address !== undefined) return true;
    const counted = countedAs(address);
    if ((this.#byAddress.get(counted) ?? 0) >= this.#limits.connectionsPerAddress) return false;
    entry.address = counted;
    this.#count(counted, 1);
    return true;
  }

  /** The socket is a WebSocket now; others watch over it. */
  admitted(socket: Socket): void {
    const key = keyOf(socket);
    clearTimeout(this.#pending.get(key)?.deadline);
    this.#pending.delete(key);
  }

  counts(): { sockets: number; pending: number } {
    return { sockets: this.#entries.size, pending: this.#pending.size };
  }

  /** Bytes over all sockets, open and closed, as the operating system carried them. */
  traffic(): { down: number; up: number } {
    const total = { ...this.#past };
    for (const { socket } of this.#entries.values()) {
      total.down += socket.bytesWritten;
      total.up += socket.bytesRead;
    }
    return total;
  }

  destroy(): void {
    for (const { socket } of this.#entries.values()) socket.destroy();
  }

  #refusal(socket: Socket, address: string | undefined): string | undefined {
    const { connections, connectionsPerAddress, pendingHandshakes, handshakeMs } = this.#limits;
    if (socket.remotePort === undefined) return 'a connection ended as it began';
    if (this.#entries.size >= connections) return 'too many connections';
    if (address !== undefined && (this.#byAddress.get(address) ?? 0) >= connectionsPerAddress) {
      return 'too many connections of one address';
    }
    if (this.#pending.size < pendingHandshakes) return undefined;
    // Sockets that only wait must not keep everybody out: the one that has waited longest makes room.
    const [oldest] = this.#pending.values();
    if (performance.now() - oldest.came < handshakeMs * SAFE) return 'too many handshakes at a time';
    this.#pending.delete(keyOf(oldest.socket));
    oldest.socket.destroy();
    this.#onRefused('a handshake made room for others');
    return undefined;
  }

  #count(address: string, by: number): void {
    const count = (this.#byAddress.get(address) ?? 0) + by;
    if (count === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, count);
  }
}

/** Names a connection; the socket that entered and the TLS socket over it have the same name. */
function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
