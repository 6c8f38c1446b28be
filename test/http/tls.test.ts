/** Each way in which TLS fails says what was found, what was expected and what to do; and nothing is sent before. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { connect as connectTls, createServer as createTls } from 'node:tls';
import type { Pair } from 'fedtempo/cli/certificates/issue.js';
import { explain } from 'fedtempo/client/secure/explain.js';
import { dial, Refused } from 'fedtempo/client/secure/line.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Certificates, makeCertificates, pinIn } from '../support/certificates.js';
import { ask, head, testDoor } from '../support/door.js';

let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates();
});

const timeoutMs = 5_000;

/** A TLS server that the door would not be: it shows any certificate, and keeps what it is told. */
async function anyTls({ cert, key }: Pair) {
  let told = '';
  const server = createTls({ cert, key }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      told += String(data);
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  return { url: `wss://127.0.0.1:${port}`, told: () => told };
}

async function listening(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** What a person reads when a client cannot connect. */
async function failure(url: string, options: { ca?: string; pins?: string[]; timeoutMs?: number } = {}) {
  const line = dial(url, { timeoutMs, ...options });
  onTestFinished(() => line.close());
  const [got, upgraded] = await Promise.all(
    [line.get('/'), line.upgrade('/', { maxPayload: 1000 })].map((promise) =>
      promise.then(
        () => expect.unreachable('it connected'),
        (error) => explain(error, url),
      ),
    ),
  );
  // A page and a WebSocket fail alike.
  expect(upgraded?.details.found).toBe(got?.details.found);
  return got;
}

test('challenge and WebSocket go over one verified connection', async () => {
  const { door } = await testDoor({ tls: made.good, prefix: '/fed' });
  for (const trust of [
    { ca: made.authority.cert },
    { pins: [pinIn(made.good)] },
    { ca: made.authority.cert, pins: [pinIn(made.unknown), pinIn(made.good)] },
  ]) {
    const line = dial(door.url, { timeoutMs, ...trust });
    const page = await line.get('/challenge');
    expect(JSON.parse(page.body)).toMatchObject({ path: '/challenge', secure: true, forwarded: false });
    expect(door.counts()).toEqual({ sockets: 1, pending: 1 });
    const socket = await line.upgrade('/', { maxPayload: 1000 });
    expect(door.counts()).toEqual({ sockets: 1, pending: 0 });
    line.close();
    const echo = once(socket, 'message');
    socket.send('over TLS');
    expect(String((await echo)[0])).toBe('over TLS');
    socket.terminate();
    await expect.poll(() => door.counts().sockets).toBe(0);
  }
});

test('what a coordinator says at once, with its answer to the upgrade, is not lost', async () => {
  // One write: the answer and the first frame reach the client together.
  const server = createTcp((socket) => {
    socket
      .on('error', () => {})
      .once('data', (data) => {
        const [, key] = String(data).match(/^sec-websocket-key: (.+)\r$/im) ?? [];
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\x81\x05first`, 'latin1');
      });
  });
  const line = dial(`ws://127.0.0.1:${await listening(server)}`, { timeoutMs });
  const socket = await line.upgrade('/', { maxPayload: 1000 });
  onTestFinished(() => socket.terminate());
  expect(String((await once(socket, 'message'))[0])).toBe('first');
});

test('a coordinator that says no is heard, and is no matter of TLS', async () => {
  const { door } = await testDoor({
    tls: made.good,
    admit: () => ({ refuse: 503, reason: 'full', retryAfterSeconds: 7 }),
  });
  const line = dial(door.url, { timeoutMs, ca: made.authority.cert });
  onTestFinished(() => line.close());
  const refusal = await line.upgrade('/', { maxPayload: 1000 }).then(undefined, (error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refused);
  expect(refusal).toMatchObject({ status: 503, reason: 'full', retryAfterSeconds: 7 });
  expect(explain(refusal, door.url)).toBeUndefined();
});

test.each([
  ['expired', /certificate that expired on \d{4}-/, /valid today/, /renew/],
  ['notYetValid', /not valid before \d{4}-/, /valid now/, /clock/],
  ['wrongName', /DNS:fed\.example, IP Address:192\.0\.2\.7/, /one for 127\.0\.0\.1/, /--host 127\.0\.0\.1/],
  ['unknown', /no authority known here has signed, with the key sha256\//, /--ca/, /--ca ca\.pem/],
] as const)('a certificate that is %s is explained, and nothing was told to its owner', async (name, ...parts) => {
  const { url, told } = await anyTls(made[name]);
  const error = await failure(url, { ca: made.authority.cert });
  expectParts(error, url, parts);
  expect(told()).toBe('');
});

test('without --ca an authority of our own is unknown; a self-signed certificate is named as such', async () => {
  const own = await anyTls(made.good);
  expectParts(await failure(own.url), own.url, [/no authority known here/, /trusts/, /--ca/]);
  const selfSigned = await anyTls(made.selfSigned);
  const chain = await anyTls({ cert: made.good.cert + made.authority.cert, key: made.good.key });
  for (const { url } of [selfSigned, chain]) {
    expectParts(await failure(url), url, [/signed itself, or whose authority did/, /trusts/, /--ca/]);
  }
  expect(own.told() + selfSigned.told() + chain.told()).toBe('');
});

test('another key than the pinned one is shown beside it, whoever signed it', async () => {
  const { url, told } = await anyTls(made.good);
  const pins = [pinIn(made.unknown)];
  for (const trust of [{ pins }, { pins, ca: made.authority.cert }]) {
    const error = await failure(url, trust);
    expectParts(error, url, [pinIn(made.good), pins[0], /somebody else/]);
  }
  expect(told()).toBe('');
});

test('a pin alone is trust in any authority and name, but in no expired certificate', async () => {
  for (const name of ['unknown', 'wrongName'] as const) {
    const { url } = await anyTls(made[name]);
    const line = dial(url, { timeoutMs, pins: [pinIn(made[name])] });
    expect((await line.get('/')).body).toBe('ok');
    line.close();
  }
  const { url, told } = await anyTls(made.expired);
  expectParts(await failure(url, { pins: [pinIn(made.expired)] }), url, [/expired on/, /valid today/, /renew/]);
  expect(told()).toBe('');
});

test('a pin with an authority asks for both', async () => {
  const { url } = await anyTls(made.unknown);
  const error = await failure(url, { pins: [pinIn(made.unknown)], ca: made.authority.cert });
  expectParts(error, url, [/no authority known here/, /--ca/, /--ca/]);
});

test('plain text on a TLS port is explained: our door and a bare TLS server', async () => {
  const { door, refused } = await testDoor({ tls: made.good });
  const url = door.url.replace('wss', 'ws');
  expectParts(await failure(url), url, [/port that speaks TLS/, /ws:\/\//, new RegExp(`connect to ${door.url}`)]);
  expect(refused).toEqual(['plain text on a TLS port', 'plain text on a TLS port']);
  const { status, body } = await ask(door.port, head('/'));
  expect(status).toBe(400);
  expect(body).toContain('this port speaks TLS');
});

test('TLS on a plain port is explained', async () => {
  const { door } = await testDoor();
  const url = door.url.replace('ws', 'wss');
  expectParts(await failure(url), url, [/not TLS/, /speaks TLS/, new RegExp(door.url)]);
  const greeter = createTcp((socket) => socket.on('error', () => {}).end('220 mail.example ESMTP ready\r\n'));
  const other = `wss://127.0.0.1:${await listening(greeter)}`;
  expectParts(await failure(other), other, [/not TLS/, /speaks TLS/, /check the port/]);
});

test('a port that never answers the handshake is given up with a reason', async () => {
  const server = createTcp((socket) => socket.on('error', () => {}).resume());
  const url = `wss://127.0.0.1:${await listening(server)}`;
  const began = performance.now();
  expectParts(await failure(url, { timeoutMs: 200 }), url, [/within 200 ms/, /handshake/, /port/]);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('what another attempt may mend is not explained: refused, reset, unknown host', async () => {
  const server = createTcp((socket) => socket.on('error', () => {}).once('data', () => socket.resetAndDestroy()));
  const port = await listening(server);
  expect(await failure(`ws://127.0.0.1:${port}`)).toBeUndefined();
  expect(await failure(`wss://127.0.0.1:${port}`)).toBeUndefined();
  const closed = createTcp();
  const free = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  expect(await failure(`wss://127.0.0.1:${free}`)).toBeUndefined();
  expect(await failure('wss://no-such-host.invalid:1')).toBeUndefined();
});

test("errors of a connection that is not ours are explained too: Node's own checks, and a bare TLS port", async () => {
  const { cert, key } = made.wrongName;
  const port = await listening(createHttps({ cert, key }));
  const url = `wss://127.0.0.1:${port}`;
  const [error] = await once(connectTls({ port, host: '127.0.0.1', ca: made.authority.cert }), 'error');
  expectParts(explain(error, url), url, [/DNS:fed\.example/, /127\.0\.0\.1/, /--host/]);
  const bare = createTcp((socket) => socket.on('error', () => {}).end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])));
  const alert = `ws://127.0.0.1:${await listening(bare)}`;
  expectParts(await failure(alert), alert, [/port that speaks TLS/, /ws:/, /wss:/]);
  expect(explain(new Error('of another kind'), url)).toBeUndefined();
  expect(explain('no error', url)).toBeUndefined();
});

test.each([
  ['https://a', {}],
  ['not a url', {}],
  ['wss://name:secret@a', {}],
  ['ws://a', { pins: [`sha256/${'A'.repeat(43)}=`] }],
  ['ws://a', { ca: 'a file' }],
])('%s with %o is refused before anything is connected', (url, trust) => {
  const refused = () => dial(url, { timeoutMs, ...trust });
  expect(refused).toThrow(FedtempoError);
  expect(refused).not.toThrow(/secret/);
});

test.each([
  [{ pins: ['sha1/abc'] }],
  [{ pins: [`sha256/${'A'.repeat(42)}==`] }],
  [{ ca: '' }],
  [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
])('trust in %o is refused as TLS_INVALID', (trust) => {
  expect(() => dial('wss://a', { timeoutMs, ...trust })).toThrow(expect.objectContaining({ code: 'TLS_INVALID' }));
});

function expectParts(error: FedtempoError | undefined, url: string, parts: readonly (RegExp | string)[]): void {
  expect(error).toMatchObject({ code: 'TLS_FAILED', details: { where: url } });
  const { found, expected, fix } = error!.details;
  for (const [i, part] of parts.entries()) {
    const text = [found, expected, fix][i];
    if (typeof part === 'string') expect(text).toContain(part);
    else expect(text).toMatch(part);
  }
}
