/**
 * Runs through a network that delays, throttles, cuts, falls silent and changes bits. Every client is asked in every round and
 * all must reply, so the run has one right digest, that of the same scenario inline, however often a round is tried.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueServer, makeAuthority } from 'fedtempo/cli/certificates/issue.js';
import { openIdentity } from 'fedtempo/client/identity.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
import { expect, onTestFinished, test } from 'vitest';
import { Population } from '../support/population.mjs';
import { runCommand, temporaryFolder } from '../support/processes.js';
import { type ConnectionPlan, drawPlans, harmless, TcpProxy } from '../support/tcp-proxy.js';

const CLIENTS = 4;
const text = `
schemaVersion: 1
name: through-proxy
seed: 8
data: { dataset: digits, partition: { kind: shards, clients: ${CLIENTS} } }
model: { kind: mlp, hidden: [64, 32], activation: relu }
federation: { rounds: 8, cohort: { size: ${CLIENTS} }, minimumReplies: ${CLIENTS}, localSteps: 5 }
schedules: { learningRate: 0.05, batchSize: 8 }
serve: { quorum: ${CLIENTS}, deadlineSeconds: 4, lostAfterSeconds: 10, attempts: 100 }
`;

/** Limits by which a dead connection is noticed soon. */
const limits = ['pingEveryMs=200', 'silenceMs=1000', 'uploadMs=1500'].flatMap((limit) => ['--limit', limit]);

/** Bytes of a connection after which its client has joined, in either direction. */
const JOINED_BYTES = 3000;

interface Secured {
  readonly serve: readonly string[];
  readonly join: readonly string[];
  readonly scheme: 'ws' | 'wss';
}

async function through(
  plan: (connection: number) => ConnectionPlan,
  folder: string,
  { serve, join: joinOptions, scheme }: Secured,
) {
  const population = new Population(folder, text, { hosts: 1, clientsPerHost: CLIENTS, joinOptions });
  onTestFinished(() => population.stop());
  const url = new URL(await population.serve([...serve, ...limits]));
  const proxy = await TcpProxy.start(Number(url.port), plan);
  population.joinAll(`${scheme}://127.0.0.1:${proxy.port}`);
  const { code, stdout, output } = await population.ended;
  expect(code, output).toBe(0);
  const { digest } = JSON.parse(stdout) as { digest: string };
  const [host] = await population.hostsEnded();
  expect(host).toMatchObject({ code: 0 });
  return { population, proxy, digest };
}

async function inline(folder: string): Promise<string> {
  const out = join(folder, 'inline');
  const args = ['run', join(folder, 'scenario.yaml'), '--pool', 'inline', '--out', out, '--json', '--quiet'];
  const { stdout } = await runCommand(args);
  return (JSON.parse(stdout) as { digest: string }).digest;
}

/** Enrols the keys of all clients; what `serve` and `join` are told. */
function enrolled(folder: string): Secured {
  const place = join(folder, 'enrolment');
  const enrolment = Enrolment.create(place);
  for (let part = 0; part < CLIENTS; part++) {
    const identity = part === 0 ? join(folder, 'identity-0') : join(folder, 'identity-0', String(part));
    enrolment.addKey(openIdentity(identity).key, { name: `client-${part}` });
  }
  return { serve: ['--enrolment', place], join: [], scheme: 'ws' };
}

async function withTls(folder: string): Promise<Secured> {
  const hours = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 3_600_000) };
  const authority = await makeAuthority('proxy test', hours);
  const { cert, key } = await issueServer(authority, ['127.0.0.1'], hours);
  const [ca, certificate, privateKey] = ['ca.pem', 'server.pem', 'server-key.pem'].map((name) => join(folder, name));
  writeFileSync(ca, authority.cert);
  writeFileSync(certificate, cert);
  writeFileSync(privateKey, key);
  return { serve: ['--tls-cert', certificate, '--tls-key', privateKey], join: ['--ca', ca], scheme: 'wss' };
}

const drawn = { delayMs: 20, bytesPerSecond: 400_000, from: JOINED_BYTES, to: 60_000 };

test('a run of enrolled clients through a bad network has the digest of the inline run', {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder();
  const plan = drawPlans(5, { ...drawn, harmful: 12, harms: ['cut', 'half-open', 'corrupt'] });
  const { proxy, digest } = await through(plan, folder, enrolled(folder));
  expect(digest).toBe(await inline(folder));
  expect(proxy.harmed.cut).toBeGreaterThan(0);
  expect(proxy.harmed['half-open']).toBeGreaterThan(0);
  expect(proxy.harmed.corrupt).toBeGreaterThan(0);
});

test('what the network changes is never counted, in whichever direction', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  // Among the weights of the second layer on their way down, or in the middle of an update on its way up: 26 KB each.
  const plan = (connection: number): ConnectionPlan => {
    const direction = connection % 2 === 0 ? 'down' : 'up';
    return connection < 8
      ? { ...harmless, harm: 'corrupt', direction, afterBytes: 20_000 + 300 * connection }
      : harmless;
  };
  const { population, proxy, digest } = await through(plan, folder, { serve: [], join: [], scheme: 'ws' });
  expect(proxy.harmed.corrupt).toBe(8);
  expect(digest).toBe(await inline(folder));
  const closes = population.log.filter(({ msg }) => msg === 'client left').map(({ close }) => close);
  expect(closes).toContain('BAD_SIGNATURE');
  expect(closes).toContain('MALFORMED');
});

test('over TLS changed bytes end connections and nothing else', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const plan = drawPlans(6, { ...drawn, from: 6000, harmful: 8, harms: ['corrupt', 'cut'] });
  const { population, proxy, digest } = await through(plan, folder, await withTls(folder));
  expect(digest).toBe(await inline(folder));
  expect(proxy.harmed.corrupt).toBeGreaterThan(0);
  const closes = new Set(population.log.filter(({ msg }) => msg === 'client left').map(({ close }) => close));
  for (const ours of ['BAD_SIGNATURE', 'MALFORMED']) expect(closes).not.toContain(ours);
});
