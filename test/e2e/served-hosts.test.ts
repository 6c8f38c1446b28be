/** A coordinator and clients on hosts of their own: namespaces with an address each, over TLS, with enrolment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { type Host, makeHosts } from '../support/hosts.js';
import { type Ended, runCommand, type Started, temporaryFolder } from '../support/processes.js';

const scenario = (data: string, rounds: number, clients: number) => `schemaVersion: 1
name: hosts
seed: 11
data: ${data}
model: { kind: mlp, hidden: [16], activation: relu }
federation: { rounds: ${rounds}, cohort: { size: ${clients - 1} }, localEpochs: 1 }
schedules: { learningRate: { kind: linear, start: 0.1, end: 0.02 }, batchSize: 20 }
serve: { quorum: ${clients}, lostAfterSeconds: 60 }
`;
const mnist = scenario(
  '{ dataset: mnist, trainLimit: 6000, partition: { kind: shards, clients: 5, shardsPerClient: 2 } }',
  4,
  5,
);
const digits = scenario('{ dataset: digits, partition: { kind: shards, clients: 3 } }', 60, 3);

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly coordinator: Host;
  readonly hosts: readonly Host[];
}

/** A folder with the scenario and certificates for the first of the hosts. */
async function place(context: TestContext, text: string, clientHosts: number): Promise<Place> {
  const [coordinator, ...hosts] = makeHosts(context, 1 + clientHosts);
  const folder = temporaryFolder();
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  await ran(runCommand(['certs', '--host', coordinator.address, '--out', join(folder, 'certs')]));
  return { folder, file, coordinator, hosts };
}

async function ran(ending: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await ending;
  expect(code, stderr).toBe(0);
  return stdout.trim();
}

const enroll = ({ folder }: Place, ...args: string[]) =>
  ran(runCommand(['enroll', '--to', join(folder, 'enrolment'), ...args]));

async function serve({ folder, file, coordinator }: Place, ...more: string[]) {
  const [cert, key] = [join(folder, 'certs/server.pem'), join(folder, 'certs/server-key.pem')];
  const safe = ['--enrolment', join(folder, 'enrolment'), '--tls-cert', cert, '--tls-key', key];
  const where = ['--host', coordinator.address, '--port', '0', '--run', join(folder, 'run')];
  const started = coordinator.start(['serve', file, ...where, ...safe, '--json', ...more]);
  const [, url] = await started.says(/listening on (\S+)/);
  return { ...started, url };
}

const joining = (host: Host, { folder }: Place, url: string, name: string, ...more: string[]): Started =>
  host.start([
    ...['join', url, '--ca', join(folder, 'certs/ca.pem'), '--identity', join(folder, name), '--simulate-shard'],
    ...more,
  ]);

/** The digest of the same scenario in one process. */
async function inlineDigest({ file, folder }: Place): Promise<string> {
  const out = ['--out', join(folder, 'inline'), '--pool', 'inline', '--json', '--quiet'];
  return JSON.parse(await ran(runCommand(['run', file, ...out]))).digest;
}

test('three hosts that were enrolled by token and by key train non-IID MNIST over TLS to the digest of the inline run', async (context) => {
  const here = await place(context, mnist, 3);
  const [a1, a2, b1, b2] = await Promise.all(['a1', 'a2', 'b1', 'b2'].map((name) => enroll(here, '--name', name)));
  const key = await ran(runCommand(['enroll', '--show-key', '--identity', join(here.folder, 'c')]));
  await enroll(here, '--key', key, '--name', 'c');
  const { url, ended } = await serve(here);
  expect(url).toMatch(/^wss:\/\/10\.77\.0\.1:\d+$/);
  const [a, b, c] = here.hosts;
  const clients = [
    joining(a, here, url, 'a', '--clients', '2', '--token', a1, '--token', a2),
    joining(b, here, url, 'b', '--clients', '2', '--token', b1, '--token', b2),
    joining(c, here, url, 'c'),
  ];
  const [served, inline] = await Promise.all([ran(ended), inlineDigest(here)]);
  expect(JSON.parse(served)).toMatchObject({ digest: inline, rounds: 4, failures: 0, outcome: 'rounds' });
  for (const client of clients) await ran(client.ended);
  const seats = await Promise.all(clients.map(async ({ ended }) => (await ended).stderr.match(/joined as client \d/g)));
  expect(seats.map((found) => found?.length)).toEqual([2, 2, 1]);
  expect(new Set(seats.flat()).size).toBe(5);
});

test('a host whose link goes down until the coordinator has given it up comes back, and the digest is that of the inline run', async (context) => {
  const here = await place(context, digits, 2);
  const tokens = await Promise.all(['a', 'b1', 'b2'].map((name) => enroll(here, '--name', name)));
  const impatient = ['--limit', 'pingEveryMs=200', '--limit', 'silenceMs=2500', '--log-level', 'info'];
  const served = await serve(here, ...impatient);
  const [near, far] = here.hosts;
  const steady = joining(near, here, served.url, 'a', '--token', tokens[0]);
  const lost = joining(far, here, served.url, 'b', '--clients', '2', '--token', tokens[1], '--token', tokens[2]);
  const [, client] = await lost.says(/round 3: client (\d) trains/);
  far.link('down');
  await served.says(new RegExp(`"client":${client},"close":"SILENT"`));
  far.link('up');
  const [{ digest }, inline] = [JSON.parse(await ran(served.ended)), await inlineDigest(here)];
  expect(digest).toBe(inline);
  await ran(steady.ended);
  await ran(lost.ended);
  const { stderr } = await lost.ended;
  expect(stderr).toMatch(/! .*; again in [\d.]+ s/);
  expect(stderr.match(/joined as client \d/g)?.length).toBeGreaterThan(2);
  // Its clients are who they were: the same keys have the same places.
  expect(new Set(stderr.match(/joined as client \d/g)).size).toBe(2);
});

test('who is not enrolled, has a spent token or trusts another authority is refused, and told why', async (context) => {
  const here = await place(context, digits, 1);
  const token = await enroll(here, '--name', 'only');
  const { url } = await serve(here);
  const [host] = here.hosts;
  const refusals = async (started: Started, exitCode = 1) => {
    const { code, stdout, stderr } = await started.ended;
    expect({ code, stdout }, stderr).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).not.toMatch(/\n {4}at /);
    return stderr;
  };
  expect(await refusals(joining(host, here, url, 'stranger'))).toMatch(
    /^error JOIN_REFUSED: wss:.*\n {2}found: {4}this key is not enrolled; join with --token/,
  );
  const first = joining(host, here, url, 'first', '--token', token);
  await first.says(/joined as client/);
  expect(await refusals(joining(host, here, url, 'second', '--token', token))).toContain(
    'the token was used by another client',
  );
  await ran(runCommand(['certs', '--host', here.coordinator.address, '--out', join(here.folder, 'others')]));
  const wrong = ['join', url, '--ca', join(here.folder, 'others/ca.pem'), '--simulate-shard'];
  const identity = ['--identity', join(here.folder, 'third')];
  expect(await refusals(host.start([...wrong, ...identity]), 2)).toMatch(/^error TLS_FAILED: .*authority/s);
  expect(await refusals(host.start(['join', url.replace('wss', 'ws'), '--simulate-shard', ...identity]), 2)).toMatch(
    /^error TLS_FAILED: .*wss:/s,
  );
});

test('a coordinator that others could reach does not start without enrolment and TLS', async (context) => {
  const here = await place(context, digits, 0);
  await enroll(here, '--name', 'a');
  const { address } = here.coordinator;
  const attempt = async (...more: string[]) => {
    const where = ['--host', address, '--port', '0', '--run', join(here.folder, 'run')];
    const { code, stderr } = await here.coordinator.start(['serve', here.file, ...where, ...more]).ended;
    expect(code).toBe(2);
    return stderr;
  };
  const enrolment = ['--enrolment', join(here.folder, 'enrolment')];
  const tls = [
    '--tls-cert',
    join(here.folder, 'certs/server.pem'),
    '--tls-key',
    join(here.folder, 'certs/server-key.pem'),
  ];
  expect(await attempt()).toContain(`error SERVE_UNSAFE: --host: other machines could reach`);
  expect(await attempt(...enrolment)).toContain(`found:    ${address}, without TLS\n`);
  expect(await attempt(...tls)).toContain(`found:    ${address}, without enrolment\n`);
});
