/** A real nginx with docs/deploy/nginx.conf in front of the door: TLS, a path prefix, upgrades, and whose address counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { explain } from 'fedtempo/client/secure/explain.js';
import { dial, Refused } from 'fedtempo/client/secure/line.js';
import { beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { head, Raw, testDoor } from '../support/door.js';
import { need } from '../support/need.js';
import { repository, temporaryFolder } from '../support/processes.js';

const timeoutMs = 5_000;
let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates();
});

/** nginx in the foreground with the shipped configuration, its marked lines set; the port where it listens. */
async function startNginx(context: TestContext, coordinatorPort: number): Promise<number> {
  const binary = need(context, process.env.FEDTEMPO_NGINX ?? '/usr/sbin/nginx', 'FEDTEMPO_NGINX');
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'temp'));
  writeFileSync(join(folder, 'server.pem'), made.good.cert);
  writeFileSync(join(folder, 'server-key.pem'), made.good.key);
  const port = await freePort();
  let shipped = readFileSync(join(repository, 'docs/deploy/nginx.conf'), 'utf8');
  for (const [from, to] of [
    ['server 127.0.0.1:8080;', `server 127.0.0.1:${coordinatorPort};`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['server_name coordinator.example.org;', 'server_name localhost;'],
    ['/etc/ssl/fedtempo/server.pem', join(folder, 'server.pem')],
    ['/etc/ssl/fedtempo/server-key.pem', join(folder, 'server-key.pem')],
  ]) {
    expect(shipped.split(from)).toHaveLength(2);
    shipped = shipped.replace(from, to);
  }
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const temporary = kinds.map((kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`).join(' ');
  const main = `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log stderr;
    events { worker_connections 256; }
    http { access_log off; ${temporary} ${shipped} }`;
  writeFileSync(join(folder, 'main.conf'), main);
  const nginx = spawn(binary, ['-p', folder, '-c', join(folder, 'main.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  nginx.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(nginx, 'exit');
  onTestFinished(async () => {
    nginx.kill('SIGKILL');
    await ended;
  });
  const listens = () =>
    Raw.connect(port).then(
      () => true,
      () => nginx.exitCode !== null && said,
    );
  await expect.poll(listens, { timeout: 10_000 }).toBe(true);
  return port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const prefix = '/fedtempo';
const trusted = ['127.0.0.1'];

test('pages and WebSockets come through TLS and the prefix, of any size', async (context) => {
  const { door } = await testDoor({ prefix, trustedProxies: trusted, maxPayload: 3_000_000, hosts: ['localhost'] });
  const port = await startNginx(context, door.port);
  const line = dial(`wss://localhost:${port}${prefix}`, { timeoutMs, ca: made.authority.cert });
  onTestFinished(() => line.close());
  const page = await line.get('/challenge?key=1');
  expect(JSON.parse(page.body)).toEqual({
    path: '/challenge',
    query: 'key=1',
    address: '127.0.0.1',
    forwarded: true,
    secure: true,
  });
  const socket = await line.upgrade('/', { maxPayload: 3_000_000 });
  const sent = Uint8Array.from({ length: 2_500_000 }, (_, i) => (i * 31) % 251);
  const echo = once(socket, 'message');
  socket.send(sent);
  expect(Buffer.compare((await echo)[0] as Buffer, sent)).toBe(0);
  const closed = once(socket, 'close');
  socket.close(4000, 'goodbye');
  expect((await closed)[0]).toBe(4000);
  expect((await line.get('/../elsewhere')).status).toBe(404);
});

test('a trusted proxy names the client; what the client claims counts for nothing', async (context) => {
  const { door } = await testDoor({ prefix, trustedProxies: trusted });
  const port = await startNginx(context, door.port);
  expect(await seenFrom('127.0.0.9', port)).toEqual({ address: '127.0.0.9', forwarded: true, secure: true });
  expect(await seenFrom('127.0.0.9', port, '198.51.100.7')).toMatchObject({ address: '127.0.0.9', forwarded: true });
  expect(await seenFrom('127.0.0.9', port, 'no address')).toMatchObject({ address: '127.0.0.9', forwarded: true });
});

test('a proxy that is not trusted is a client itself, whatever it says', async (context) => {
  const { door } = await testDoor({ prefix });
  const port = await startNginx(context, door.port);
  expect(await seenFrom('127.0.0.9', port)).toEqual({ address: '127.0.0.1', forwarded: false, secure: false });
});

test('the limit of an address is that of the client behind the proxy', async (context) => {
  const { door } = await testDoor({ prefix, trustedProxies: trusted, limits: { connectionsPerAddress: 2 } });
  const port = await startNginx(context, door.port);
  const connect = async () => {
    const line = dial(`wss://localhost:${port}${prefix}`, { timeoutMs, ca: made.authority.cert });
    onTestFinished(() => line.close());
    return line.upgrade('/', { maxPayload: 1000 });
  };
  const first = await connect();
  await connect();
  const refusal = await connect().then(undefined, (error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refused);
  expect(refusal).toMatchObject({ status: 429, reason: 'too many connections of one address', retryAfterSeconds: 1 });
  first.close();
  await expect
    .poll(() =>
      connect().then(
        () => 'in',
        () => 'refused',
      ),
    )
    .toBe('in');
});

test("plain text on nginx's TLS port is explained as on ours", async (context) => {
  const { door } = await testDoor({ prefix, trustedProxies: trusted });
  const port = await startNginx(context, door.port);
  const url = `ws://localhost:${port}${prefix}`;
  const line = dial(url, { timeoutMs });
  onTestFinished(() => line.close());
  for (const attempt of [() => line.get('/'), () => line.upgrade('/', { maxPayload: 1000 })]) {
    const error = await attempt().then(undefined, (thrown: unknown) => explain(thrown, url));
    expect(error).toMatchObject({ code: 'TLS_FAILED', details: { found: 'a port that speaks TLS' } });
  }
});

/** What the door sees of a client at an address of its own, which may send an X-Forwarded-For of its own. */
async function seenFrom(localAddress: string, port: number, claimed?: string): Promise<unknown> {
  const options = { host: '127.0.0.1', port, localAddress, ca: made.authority.cert, servername: 'localhost' };
  const socket = connectTls(options);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  const fields = claimed === undefined ? {} : { 'x-forwarded-for': claimed };
  socket.write(head(`${prefix}/`, { connection: 'close', ...fields }));
  let text = '';
  for await (const piece of socket) text += String(piece);
  const { address, forwarded, secure } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  return { address, forwarded, secure };
}
