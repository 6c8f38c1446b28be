/** The coordinator's side of TLS: a certificate that it can use, and time for handshakes that take theirs. */
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { dial } from 'fedtempo/client/secure/line.js';
import { checkedTls } from 'fedtempo/server/http/certificate.js';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { Raw, testDoor } from '../support/door.js';

const timeoutMs = 5_000;
let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates();
});

test.each([
  ['expired', () => made.expired, /valid until/],
  ['not yet valid', () => made.notYetValid, /valid from/],
  ['beside the key of another', () => ({ cert: made.good.cert, key: made.unknown.key }), /another certificate/],
  ['no PEM', () => ({ cert: 'hello', key: made.good.key }), /no PEM text/],
  ['in the place of its key', () => ({ cert: made.good.key, key: made.good.cert }), /a PEM file with a private key/],
  ['beside itself', () => ({ cert: made.good.cert, key: made.good.cert }), /a PEM file with a certificate/],
  ['damaged', () => ({ cert: made.good.cert.replace(/M/g, 'A'), key: made.good.key }), /./],
  ['beside an empty key', () => ({ cert: made.good.cert, key: '' }), /an empty file/],
])('the coordinator refuses to start with a certificate that is %s', async (_, pair, found) => {
  const opened = testDoor({ tls: pair() });
  await expect(opened).rejects.toMatchObject({ code: 'TLS_INVALID', details: { found: expect.stringMatching(found) } });
  await expect(opened).rejects.not.toThrow(/BEGIN PRIVATE KEY-----\n/);
});

test('a certificate that is valid today is taken, with the chain behind it', () => {
  const chain = { cert: made.good.cert + made.authority.cert, key: made.good.key };
  expect(checkedTls(chain)).toMatchObject({ cert: chain.cert, minVersion: 'TLSv1.2' });
});

test.each([
  ['says nothing', () => Buffer.alloc(0)],
  ['begins a handshake and goes no further', () => Buffer.from([0x16, 3, 1, 0, 200, 1, 0])],
])('a socket on a TLS port that %s is cut off', async (_, bytes) => {
  const { door, refused } = await testDoor({ tls: made.good, limits: { handshakeMs: 300 } });
  const began = performance.now();
  const raw = await Raw.connect(door.port);
  raw.say(bytes());
  await raw.ended;
  expect(performance.now() - began).toBeLessThan(1_500);
  await expect.poll(() => door.counts().sockets).toBe(0);
  expect(refused).toContain('a handshake took too long');
});

test('after the TLS handshake, however late it came, the request has its own time, and no more', async () => {
  const handshakeMs = 500;
  const { door, refused } = await testDoor({ tls: made.good, limits: { handshakeMs } });
  const began = performance.now();
  const wrapped = connectPlain({ port: door.port, host: '127.0.0.1' });
  const lateMs = 300;
  await new Promise((resolve) => setTimeout(resolve, lateMs));
  const socket = connectTls({ socket: wrapped, ca: made.authority.cert, servername: 'localhost' });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n');
  await closed;
  expect(performance.now() - began).toBeGreaterThan(lateMs + handshakeMs - 50);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(refused).toEqual(['a handshake took too long']);
});

test('broken TLS in every stage ends that connection alone', async () => {
  const { door } = await testDoor({ tls: made.good });
  const garbage = Buffer.from([0x16, 3, 1, 0, 5, 9, 9, 9, 9, 9]);
  await (await Raw.connect(door.port)).say(garbage).ended;
  const wrapped = connectPlain({ port: door.port, host: '127.0.0.1' });
  const secure = connectTls({ socket: wrapped, ca: made.authority.cert, servername: 'localhost' });
  secure.on('error', () => {});
  await once(secure, 'secureConnect');
  const gone = new Promise((resolve) => secure.once('close', resolve));
  // Bytes that are no TLS record, in the middle of the connection.
  wrapped.write(Buffer.alloc(100, 0x41));
  await gone;
  const line = dial(door.url, { timeoutMs, ca: made.authority.cert });
  onTestFinished(() => line.close());
  expect((await line.get('/')).status).toBe(200);
});
