/** What the door does with honest clients, and with those that are slow, many, or no clients at all. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ask, closing, head, Raw, testDoor, upgradeFields, webSocket } from '../support/door.js';

const upgrade = (target = '/', fields: Record<string, string> = {}) => head(target, { ...upgradeFields, ...fields });

test('a client asks for a page and becomes a WebSocket on the same connection', async () => {
  const { door, refused } = await testDoor();
  const raw = await Raw.connect(door.port);
  raw.say(head('/challenge?key=a&b'));
  await raw.hears(/"path":"\/challenge","query":"key=a&b=","address":"127.0.0.1","forwarded":false,"secure":false/);
  expect(door.counts()).toEqual({ sockets: 1, pending: 1 });
  raw.heard = '';
  raw.say(upgrade());
  await raw.hears(/^HTTP\/1\.1 101 /);
  expect(door.counts()).toEqual({ sockets: 1, pending: 0 });
  expect(refused).toEqual([]);
});

test('traffic is what the sockets carried, of open and of closed ones', async () => {
  const { door } = await testDoor();
  const socket = await webSocket(door.url);
  const echo = once(socket, 'message');
  socket.send(new Uint8Array(50_000));
  await echo;
  const open = door.traffic();
  expect(open.up).toBeGreaterThan(50_000);
  expect(open.up).toBeLessThan(51_000);
  expect(open.down).toBeGreaterThan(50_000);
  expect(open.down).toBeLessThan(51_000);
  socket.close();
  await closing(socket);
  await expect.poll(() => door.counts().sockets).toBe(0);
  expect(door.traffic().up).toBeGreaterThan(open.up);
  expect(door.traffic().up).toBeLessThan(51_000);
});

test.each([
  ['random bytes', Uint8Array.from({ length: 500 }, (_, i) => (i * 197 + 255) % 256), 400],
  ['a TLS handshake on a plain port', Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), 400],
  ['a line that never was HTTP', 'HELLO WORLD\r\n\r\n', 400],
  ['a head larger than the limit', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(9000)}\r\n\r\n`, 431],
  ['a target that is a URL', head('http://elsewhere/'), 400],
  ['another method', head('/', {}, 'POST'), 405],
  ['a body', `${head('/', { 'content-length': '5' })}hello`, 413],
  ['an upgrade with a body', upgrade('/', { 'transfer-encoding': 'chunked' }), 413],
  ['an upgrade to another protocol', upgrade('/', { upgrade: 'h2c' }), 400],
  ['an upgrade without a key', upgrade('/', { 'sec-websocket-key': 'short' }), 400],
  ['a page that is not there', head('/nothing'), 404],
  ['a page whose making fails', head('/throws'), 500],
])('%s is answered with a status, and the next client is served', async (_, bytes, status) => {
  const { door } = await testDoor();
  const raw = await Raw.connect(door.port);
  raw.say(bytes);
  expect(await raw.ended).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*{"code":${status},"reason":"[^"]+"}\n$`));
  expect((await ask(door.port, head('/'))).status).toBe(200);
});

test('a client that closes its half at once still hears why it is refused', async () => {
  const { door } = await testDoor({ admit: () => ({ refuse: 503, reason: 'full' }) });
  for (const [bytes, status] of [
    ['HELLO WORLD\r\n\r\n', 400],
    [upgrade(), 503],
    [head('/nothing'), 404],
  ] as const) {
    const raw = await Raw.connect(door.port);
    raw.socket.end(bytes);
    expect(await raw.ended).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }
  await expect.poll(() => door.counts().sockets).toBe(0);
});

test.each([
  ['says nothing', ''],
  ['sends a head that never ends', 'GET / HTTP/1.1\r\nhost: a\r\nx: '],
  ['has had its page and stays', head('/')],
])('a socket that %s is cut off when its time is over', async (_, text) => {
  const handshakeMs = 300;
  const { door, refused } = await testDoor({ limits: { handshakeMs } });
  const raw = await Raw.connect(door.port);
  const began = performance.now();
  raw.say(text);
  // A byte now and then must not buy time.
  const trickle = setInterval(() => raw.socket.writable && text !== '' && text !== head('/') && raw.say('y'), 20);
  onTestFinished(() => clearInterval(trickle));
  await raw.ended;
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(handshakeMs - 20);
  expect(took).toBeLessThan(handshakeMs + 700);
  expect(refused).toEqual(['a handshake took too long']);
  await expect.poll(() => door.counts()).toEqual({ sockets: 0, pending: 0 });
});

test('a WebSocket has no deadline of the door', async () => {
  const { door, refused } = await testDoor({ limits: { handshakeMs: 100 } });
  const socket = await webSocket(door.url);
  const idle = await Raw.connect(door.port);
  await idle.ended;
  expect(refused).toEqual(['a handshake took too long']);
  const echo = once(socket, 'message');
  socket.send('still here');
  expect(String((await echo)[0])).toBe('still here');
});

test('an address has so many sockets and no more, until one of them goes', async () => {
  const { door, refused } = await testDoor({ limits: { connectionsPerAddress: 3 } });
  const three = [await webSocket(door.url), await webSocket(door.url), await webSocket(door.url)];
  expect(await (await Raw.connect(door.port)).ended).toBe('');
  expect(refused).toEqual(['too many connections of one address']);
  expect((await ask(door.port, head('/'), '127.0.0.2')).status).toBe(200);
  three[1].close();
  await expect.poll(() => door.counts().sockets).toBe(3);
  await webSocket(door.url);
});

test('there are so many sockets in all and no more', async () => {
  const { door, refused } = await testDoor({ limits: { connections: 2 } });
  await webSocket(door.url);
  await webSocket(door.url);
  expect(await (await Raw.connect(door.port, '127.0.0.2')).ended).toBe('');
  expect(refused).toEqual(['too many connections']);
});

test('while handshakes are young a further one is refused; one that only waits makes room', async () => {
  const { door, refused } = await testDoor({ limits: { pendingHandshakes: 2, handshakeMs: 5_000 } });
  const admitted = await webSocket(door.url);
  const idle = [await Raw.connect(door.port), await Raw.connect(door.port)];
  expect(await (await Raw.connect(door.port)).ended).toBe('');
  expect(refused).toEqual(['too many handshakes at a time']);
  // Half a second later the oldest is no longer safe.
  await expect
    .poll(
      () =>
        ask(door.port, head('/')).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 4_000 },
    )
    .toBe(200);
  await idle[0].ended;
  expect(refused).toContain('a handshake made room for others');
  expect(admitted.readyState).toBe(admitted.OPEN);
});

test('Host and Origin are checked for pages and upgrades alike', async () => {
  const { door } = await testDoor({ hosts: ['Fed.example', 'other.example:8443'], origins: ['https://fed.example'] });
  const status = async (request: string) => (await ask(door.port, request)).status;
  expect(await status(head('/', { host: 'fed.example' }))).toBe(200);
  expect(await status(head('/', { host: 'FED.example:99' }))).toBe(200);
  expect(await status(head('/', { host: 'other.example:8443' }))).toBe(200);
  expect(await status(head('/', { host: 'other.example' }))).toBe(421);
  expect(await status(head('/', { host: 'evil.example' }))).toBe(421);
  const host = 'fed.example';
  expect(await status(upgrade('/', { host: 'evil.example' }))).toBe(421);
  expect(await status(upgrade('/', { host, origin: 'https://evil.example' }))).toBe(403);
  expect(await status(head('/', { host, origin: 'null' }))).toBe(403);
  expect(await status(upgrade('/', { host, origin: 'https://fed.example' }))).toBe(101);
  expect(await status(upgrade('/', { host }))).toBe(101);
});

test('without origins to accept, no page of a browser may connect', async () => {
  const { door } = await testDoor();
  expect((await ask(door.port, upgrade('/', { origin: door.url.replace('ws', 'http') }))).status).toBe(403);
});

test('a refused upgrade says why, and when to come again', async () => {
  const { door, refused } = await testDoor({
    admit: ({ path }) => {
      if (path === '/throws') throw new Error('a defect of the test');
      return { refuse: 503, reason: 'the run is full', retryAfterSeconds: 2.5 };
    },
  });
  const { status, fields, body, raw } = await ask(door.port, upgrade());
  expect({ status, body }).toEqual({ status: 503, body: '{"code":503,"reason":"the run is full"}\n' });
  expect(fields).toMatch(/^retry-after: 3$/m);
  expect(fields).toMatch(/^connection: close$/m);
  await raw.ended;
  const broken = await Raw.connect(door.port);
  broken.say(upgrade('/throws'));
  expect(await broken.ended).toBe('');
  expect(refused).toEqual(['the run is full', 'an upgrade could not be answered']);
});

test.each([
  ['a message over the limit', 1009, (socket: Raw['socket']) => socket.write(frame(0x82, 100_001, 0))],
  [
    'more fragments than the limit',
    1008,
    (socket: Raw['socket']) => {
      socket.write(frame(0x02, 1, 1));
      socket.write(Buffer.concat(Array.from({ length: 1024 }, () => frame(0x00, 1, 1))));
    },
  ],
])('%s ends the WebSocket with %i', async (_, code, send) => {
  const { door } = await testDoor();
  const { raw } = await ask(door.port, upgrade());
  raw.heard = '';
  send(raw.socket);
  const heard = Buffer.from(await raw.ended, 'latin1');
  expect(heard[0]).toBe(0x88);
  expect(heard.readUInt16BE(2)).toBe(code);
});

test('a port that is taken, and an address of another machine, are refused by name', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(testDoor({ port })).rejects.toMatchObject({
    code: 'PORT_UNAVAILABLE',
    details: { where: `127.0.0.1:${port}`, found: `port ${port} is taken by another program` },
  });
  await expect(testDoor({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'PORT_UNAVAILABLE',
    details: { found: '192.0.2.1 is no address of this machine' },
  });
});

test('closing ends every connection and frees the port', async () => {
  const { door } = await testDoor();
  const socket = await webSocket(door.url);
  const raw = await Raw.connect(door.port);
  const gone = closing(socket);
  await door.close();
  expect(await gone).toBe(1006);
  await raw.ended;
  await testDoor({ port: door.port });
});

/** A masked frame (mask zero) that says it has `bytes`, with `sent` of them. */
function frame(opcode: number, bytes: number, sent: number): Buffer {
  const length = bytes < 126 ? [0x80 | bytes] : [0xff, 0, 0, 0, 0, bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes];
  return Buffer.from([opcode, ...length, 0, 0, 0, 0, ...new Array<number>(sent).fill(7)]);
}
