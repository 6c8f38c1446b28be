/**
 * A TCP proxy that treats each connection as a plan says: it delays, throttles, corrupts, cuts, or goes silent with its sockets
 * open. Plans are drawn from a seed by the number of the connection, so a run through it can be had again.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type RandomStream, stream } from 'fedtempo/shared/math/rng.js';
import { onTestFinished } from 'vitest';

export const harms = ['cut', 'half-open', 'corrupt'] as const;
export type Harm = (typeof harms)[number];

/** What befalls a connection. */
export interface ConnectionPlan {
  /** Between the arrival of bytes and their being sent on. */
  readonly delayMs: number;
  /** Undefined: as fast as it goes. */
  readonly bytesPerSecond: number | undefined;
  /** Undefined: none. */
  readonly harm: Harm | undefined;
  /** In which direction the harm is counted, corrupts or falls silent; a cut ends both. */
  readonly direction: 'up' | 'down';
  /** Bytes of that direction that pass before it. */
  readonly afterBytes: number;
}

/** Bytes, and when they may leave. */
type Piece = { readonly bytes: Buffer; readonly at: number };

/** What both directions of a connection share. */
interface Pair {
  /** Half-open: nothing is passed on any more, not even an end; each side must notice by itself. */
  silent: boolean;
  readonly harm: (harm: Harm) => void;
}

/** By the number of the connection, from 0. */
export type Planner = (connection: number) => ConnectionPlan;

/** Leaves connections alone. */
export const harmless: ConnectionPlan = {
  delayMs: 0,
  bytesPerSecond: undefined,
  harm: undefined,
  direction: 'up',
  afterBytes: 0,
};

/**
 * Draws plans: all are delayed by up to `delayMs`, a third is throttled; the first `harmful` connections come to harm.
 *
 * @param from bytes that pass at least before a harm @param to and at most
 */
export function drawPlans(
  seed: number,
  options: {
    readonly harmful: number;
    readonly harms: readonly Harm[];
    readonly delayMs: number;
    readonly bytesPerSecond: number;
    readonly from: number;
    readonly to: number;
  },
): Planner {
  return (connection) => {
    const random: RandomStream = stream(seed, 'fault', 0, connection);
    const delayMs = random.below(options.delayMs + 1);
    const throttled = random.below(3) === 0;
    const harm = options.harms[random.below(options.harms.length)];
    const direction = random.below(2) === 0 ? 'up' : 'down';
    const afterBytes = options.from + random.below(options.to - options.from);
    return {
      delayMs,
      bytesPerSecond: throttled ? options.bytesPerSecond : undefined,
      harm: connection < options.harmful ? harm : undefined,
      direction,
      afterBytes,
    };
  };
}

export class TcpProxy {
  readonly port: number;
  /** Harms that have come about, as often. */
  readonly harmed: { readonly [harm in Harm]: number };
  readonly #server: Server;

  private constructor(server: Server, harmed: { [harm in Harm]: number }) {
    this.#server = server;
    this.harmed = harmed;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Listens on loopback until the test is over. @param target port of the server behind it */
  static async start(target: number, plan: Planner): Promise<TcpProxy> {
    const harmed = { cut: 0, 'half-open': 0, corrupt: 0 };
    const sockets = new Set<Socket>();
    let count = 0;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
      const of = plan(count++);
      const pair: Pair = {
        silent: false,
        harm: (harm) => {
          harmed[harm] += 1;
          pair.silent = harm === 'half-open';
          if (harm === 'cut') for (const socket of [client, upstream]) socket.destroy();
        },
      };
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.once('close', () => sockets.delete(socket));
      }
      new Direction(client, upstream, 'up', of, pair);
      new Direction(upstream, client, 'down', of, pair);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return new TcpProxy(server, harmed);
  }

  /** Connections that are open. */
  open(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }
}

/** One direction of a connection. Bytes leave in their order, each not before its time. */
class Direction {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #plan: ConnectionPlan;
  readonly #pair: Pair;
  readonly #harm: Harm | undefined;
  readonly #waiting: Piece[] = [];
  #passed = 0;
  /** When the line is free again, for throttling. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(from: Socket, to: Socket, direction: ConnectionPlan['direction'], plan: ConnectionPlan, pair: Pair) {
    this.#from = from;
    this.#to = to;
    this.#plan = plan;
    this.#pair = pair;
    this.#harm = plan.direction === direction ? plan.harm : undefined;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => {
      this.#ended = true;
      if (this.#waiting.length === 0) this.#pass();
    });
    // A reset is passed on as one.
    from.on('error', () => {
      if (!pair.silent) to.destroy();
    });
    to.once('close', () => clearTimeout(this.#timer));
  }

  #take(bytes: Buffer): void {
    // Read on, so that the sender sees nothing but silence.
    if (this.#pair.silent) return;
    const { delayMs, bytesPerSecond } = this.#plan;
    const treated = this.#treat(bytes);
    const present = performance.now();
    this.#freeAt = Math.max(this.#freeAt, present);
    if (bytesPerSecond !== undefined) this.#freeAt += (1000 * treated.length) / bytesPerSecond;
    this.#waiting.push({ bytes: treated, at: this.#freeAt + delayMs });
    if (this.#waiting.length === 1) this.#pass();
    if (this.#waiting.length > 64) this.#from.pause();
  }

  /** What is left of the bytes, after the harm if they reach it. */
  #treat(bytes: Buffer): Buffer {
    const place = this.#plan.afterBytes - this.#passed;
    this.#passed += bytes.length;
    if (this.#harm === undefined || place < 0 || place >= bytes.length) return bytes;
    this.#pair.harm(this.#harm);
    if (this.#harm === 'corrupt') {
      const changed = Buffer.from(bytes);
      // Of a float32 among them, a change that is neither too small to matter nor so large that it would be refused.
      for (let at = place; at < Math.min(place + 4, bytes.length); at++) changed[at] ^= 0x10;
      return changed;
    }
    return bytes.subarray(0, place);
  }

  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#from.resume();
      if (this.#ended && !this.#pair.silent) this.#to.end();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#waiting.shift();
      if (!this.#to.destroyed && !this.#pair.silent) this.#to.write(next.bytes);
      this.#pass();
    }, next.at - performance.now());
  }
}
