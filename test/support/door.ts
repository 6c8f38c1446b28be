/** A door for tests, and what comes to it: raw sockets that say whatever a test wants, and WebSockets. */
import { connect, type Socket } from 'node:net';
import { type Door, type DoorOptions, openDoor } from 'fedtempo/server/http/door.js';
import { limits } from 'fedtempo/shared/protocol/limits.js';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

export interface OpenedDoor {
  readonly door: Door;
  /** Every reason that the door gave for a refusal. */
  readonly refused: string[];
}

/** A door on loopback that says what it knows of a GET, and lets every WebSocket in, which hears its own messages. */
export async function testDoor(
  options: Partial<Omit<DoorOptions, 'limits'>> & { limits?: Partial<DoorOptions['limits']> } = {},
): Promise<OpenedDoor> {
  const refused: string[] = [];
  const door = await openDoor({
    host: '127.0.0.1',
    port: 0,
    prefix: '',
    trustedProxies: [],
    origins: [],
    maxPayload: 100_000,
    answer: ({ path, query, address, forwarded, secure }) => {
      if (path === '/throws') throw new Error('a defect of the test');
      if (path === '/nothing') return undefined as never;
      const body = JSON.stringify({ path, query: query.toString(), address, forwarded, secure });
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    },
    admit: () => ({ accept: (socket) => void socket.on('message', (data) => socket.send(data)) }),
    onRefused: (reason) => refused.push(reason),
    ...options,
    limits: { ...limits, ...options.limits },
  });
  onTestFinished(() => door.close());
  return { door, refused };
}

/** A TCP socket, connected; it collects what it hears. */
export class Raw {
  readonly socket: Socket;
  heard = '';
  /** What it had heard when the door ended the connection. */
  readonly ended: Promise<string>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data: Buffer) => {
      this.heard += data.toString('latin1');
    });
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve(this.heard)).once('close', () => resolve(this.heard));
    });
    onTestFinished(() => void socket.destroy());
  }

  /** Rejects where nobody listens. */
  static async connect(port: number, localAddress = '127.0.0.1'): Promise<Raw> {
    const raw = new Raw(connect({ port, host: '127.0.0.1', localAddress }));
    await new Promise<void>((resolve, reject) => {
      raw.socket.once('connect', resolve).once('error', reject);
    });
    return raw;
  }

  say(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  /** Resolves once it has heard something that matches. */
  async hears(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.heard)) {
      const more = new Promise<'more'>((resolve) => this.socket.once('data', () => resolve('more')));
      if ((await Promise.race([more, this.ended])) !== 'more')
        throw new Error(`ended without ${pattern}: ${this.heard}`);
    }
    return this.heard;
  }
}

/** The head of a request, with a Host unless the fields have one; its fields as they stand. */
export function head(target: string, fields: Record<string, string> = {}, method = 'GET'): string {
  const lines = Object.entries({ host: 'localhost', ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

export const upgradeFields = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The one answer to a request on a connection of its own. */
export async function ask(port: number, request: string, localAddress?: string) {
  const raw = await Raw.connect(port, localAddress);
  raw.say(request);
  const text = await raw.hears(/\r\n\r\n/);
  const [, status, fields] = text.match(/^HTTP\/1\.1 (\d+) [^\r]*\r\n([\s\S]*?)\r\n\r\n/) ?? [];
  const length = Number(fields.match(/^content-length: (\d+)/im)?.[1] ?? 0);
  const whole = await raw.hears(new RegExp(`\\r\\n\\r\\n[\\s\\S]{${length}}`));
  return { status: Number(status), fields, body: whole.slice(whole.indexOf('\r\n\r\n') + 4), raw };
}

/** An open WebSocket. */
export async function webSocket(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));
  socket.on('error', () => {});
  return socket;
}

export function closing(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}
