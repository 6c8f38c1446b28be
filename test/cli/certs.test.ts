/** `fedtempo certs`: files that TLS accepts, keys that nobody else reads, an authority that is kept. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { pinOf } from 'fedtempo/client/secure/pin.js';
import { checkedTls } from 'fedtempo/server/http/certificate.js';
import { expect, onTestFinished, test } from 'vitest';
import { need } from '../support/need.js';
import { runCommand, temporaryFolder } from '../support/processes.js';

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
const DAY_MS = 86_400_000;

async function certs(folder: string, ...options: string[]) {
  const ended = await runCommand(['certs', '--out', folder, ...options]);
  expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
  return ended.stdout;
}

test('a server with the certificate is accepted by name and by address, and by no other name', async () => {
  const folder = join(temporaryFolder(), 'certs');
  await certs(folder);
  const ca = read(folder, 'ca.pem');
  const pair = { cert: read(folder, 'server.pem'), key: read(folder, 'server-key.pem') };
  const server = createServer({ ...checkedTls(pair) }, (socket) => socket.on('error', () => {}).end());
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const verdict = async (servername: string) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername, rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    return socket.authorized || String(socket.authorizationError);
  };
  expect(await verdict('localhost')).toBe(true);
  expect(await verdict('')).toBe(true);
  expect(await verdict('elsewhere.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('openssl accepts the chain for a TLS server, under strict rules, and for the hosts asked for', async (context) => {
  const openssl = need(context, process.env.FEDTEMPO_OPENSSL ?? '/usr/bin/openssl', 'FEDTEMPO_OPENSSL');
  const folder = temporaryFolder();
  await certs(folder, '--host', 'fed.example', '--host', '192.0.2.7', '--host', '2001:db8::1', '--days', '7');
  const verify = (...options: string[]) => {
    const files = ['-CAfile', join(folder, 'ca.pem'), join(folder, 'server.pem')];
    return execFileSync(openssl, ['verify', '-x509_strict', '-purpose', 'sslserver', ...options, ...files], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  };
  for (const one of [
    ['-verify_hostname', 'fed.example'],
    ['-verify_ip', '192.0.2.7'],
    ['-verify_ip', '2001:db8::1'],
  ]) {
    expect(verify(...one)).toMatch(/server\.pem: OK/);
  }
  expect(() => verify('-verify_hostname', 'localhost')).toThrow(/mismatch/i);
  const { validFrom, validTo } = new X509Certificate(read(folder, 'server.pem'));
  const days = (Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS;
  expect(days).toBeGreaterThan(7);
  expect(days).toBeLessThan(7.1);
});

test('only their owner reads the keys, also where files of others stood in their place', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'server-key.pem'), 'open to all');
  chmodSync(join(folder, 'server-key.pem'), 0o666);
  await certs(folder);
  for (const name of ['ca-key.pem', 'server-key.pem']) {
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(read(folder, name)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  }
});

test('what it prints is the pin and the commands that come next, and no key', async () => {
  const folder = temporaryFolder();
  const said = await certs(folder, '--host', '2001:db8::1');
  const pin = pinOf(new X509Certificate(read(folder, 'server.pem')));
  expect(said).toMatch(/^pin {10}sha256\/[A-Za-z0-9+/]{43}=$/m);
  expect(said).toContain(pin);
  expect(said).toContain(`--tls-cert ${join(folder, 'server.pem')} --tls-key ${join(folder, 'server-key.pem')}`);
  expect(said).toContain(`fedtempo join wss://[2001:db8::1]:PORT --ca ${join(folder, 'ca.pem')}`);
  expect(said).not.toContain('PRIVATE');
});

test('the authority stays and signs again; the server has a new key', async () => {
  const folder = temporaryFolder();
  await certs(folder);
  const before = ['ca.pem', 'ca-key.pem', 'server.pem'].map((name) => read(folder, name));
  expect(await certs(folder)).toContain('which were there');
  const after = ['ca.pem', 'ca-key.pem', 'server.pem'].map((name) => read(folder, name));
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[2]).not.toBe(before[2]);
  const authority = new X509Certificate(after[0]);
  const [old, renewed] = [before[2], after[2]].map((cert) => new X509Certificate(cert));
  expect([old, renewed].map((one) => one.verify(authority.publicKey))).toEqual([true, true]);
  expect(pinOf(renewed)).not.toBe(pinOf(old));
});

test.each([
  ['ca-key.pem', undefined, /ca\.pem alone/],
  ['ca-key.pem', 'server-key.pem', /key of another certificate/],
  ['ca.pem', 'server.pem', /key of another certificate/],
])('an authority whose %s is replaced by %s is refused, and nothing is overwritten', async (name, by, found) => {
  const folder = temporaryFolder();
  await certs(folder);
  const other = temporaryFolder();
  writeFileSync(join(other, 'ca.pem'), read(folder, 'ca.pem'));
  writeFileSync(join(other, 'ca-key.pem'), read(folder, 'ca-key.pem'), { mode: 0o600 });
  if (by === undefined) execFileSync('rm', [join(other, name)]);
  else writeFileSync(join(other, name), read(folder, by));
  const ended = await runCommand(['certs', '--out', other]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/^error TLS_INVALID: /);
  expect(ended.stderr).toMatch(found);
  expect(existsSync(join(other, 'server.pem'))).toBe(false);
});

test.each([
  [['--host', 'https://fed.example']],
  [['--host', 'fed.example:8443']],
  [['--host', 'a b']],
  [['--days', '0']],
  [['--days', 'many']],
])('%o is refused', async (options) => {
  const folder = join(temporaryFolder(), 'none');
  const ended = await runCommand(['certs', '--out', folder, ...options]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('Expected a ');
  expect(existsSync(folder)).toBe(false);
});

test('a folder that cannot be made is refused by name', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const ended = await runCommand(['certs', '--out', join(file, 'certs')]);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/^error OUTPUT_UNWRITABLE: /);
});
