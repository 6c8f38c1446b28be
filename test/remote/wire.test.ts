import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Member, type MemberOptions, newIdentity, taskOf } from '../support/member.js';
import { readLines, type Started, startCommand, temporaryFolder } from '../support/processes.js';
import { PARAMETERS, serveDigits } from '../support/served-digits.js';

const ROUNDS = 4;
/** What a hostile peer writes wherever it can; no log and no metric may have it. */
const MARKER = 'w1cked';

const cleanUps: (() => void)[] = [];
const atEnd = (clean: () => void) => void cleanUps.push(clean);
afterAll(() => {
  for (const clean of cleanUps.reverse()) clean();
});

const hostile = (url: string, options: MemberOptions = {}) =>
  Member.connect(url, { ...options, headers: { 'user-agent': MARKER, 'x-forwarded-for': MARKER, cookie: MARKER } });
const marked = { software: MARKER };
const zeros = () => new Float32Array(PARAMETERS);

/** A coordinator of digits, in a process of its own. */
async function serve(serving: string, limits: readonly string[] = []) {
  const folder = temporaryFolder(atEnd);
  const options = ['--log-level', 'debug', ...limits.flatMap((limit) => ['--limit', limit])];
  return serveDigits({ folder, clients: 8, cohort: 5, rounds: ROUNDS, serving, options, atEnd });
}

describe('a coordinator with honest clients', () => {
  let served: Awaited<ReturnType<typeof serve>>;
  let honest: Started;
  /** Holds round 0 open until all else is tried: it is asked to train, and does not reply. */
  let keeper: Member;
  let keepersTask: ReturnType<typeof taskOf>;
  /** The key of the hostile member that is in the cohort; it may come again as long as its reply is owed. */
  const own = newIdentity();
  let ownClient: number;

  beforeAll(async () => {
    served = await serve('{ quorum: 3, lostAfterSeconds: 5 }');
    const { url, folder } = served;
    keeper = await Member.connect(url);
    await keeper.joins();
    const first = await hostile(url, { identity: own });
    ownClient = (await first.joins({}, marked)).hosting.index;
    const options = ['--simulate-shard', '--clients', '3', '--identity', join(folder, 'identity')];
    honest = startCommand(['join', url, ...options, '--quiet'], {}, { atEnd });
    keepersTask = taskOf(await keeper.hears('train'));
    expect(taskOf(await first.hears('train')).client).toBe(ownClient);
    first.socket.terminate();
  });

  /** The member of the cohort again, on a new connection. */
  async function returning() {
    const member = await hostile(served.url, { identity: own });
    await member.joins({}, marked);
    return { member, task: taskOf(await member.hears('train')) };
  }

  test('closes whoever forges the signature of an update', async () => {
    const { member, task } = await returning();
    await member.granted(task);
    member.socket.send(member.sealed(task, zeros(), { identity: newIdentity() }));
    expect(await member.closed).toMatchObject({ code: 4011 });
  });

  test('closes whoever changes a bit of an update behind its signature', async () => {
    const { member, task } = await returning();
    await member.granted(task);
    const frame = member.sealed(task, zeros());
    frame[frame.length - 65] ^= 1;
    member.socket.send(frame);
    expect(await member.closed).toMatchObject({ code: 4011 });
  });

  test('closes whoever sends the signed frame of an earlier connection again', async () => {
    const before = await returning();
    const replayed = before.member.sealed(before.task, zeros());
    before.member.socket.terminate();
    const { member, task } = await returning();
    expect(task).toEqual(before.task);
    await member.granted(task);
    member.socket.send(replayed);
    expect(await member.closed).toMatchObject({ code: 4011 });
  });

  test('closes whoever sends an update that was not granted', async () => {
    const { member, task } = await returning();
    member.socket.send(member.sealed(task, zeros()));
    expect(await member.closed).toMatchObject({ code: 4014 });
  });

  test('closes whoever sends more messages than the limit', async () => {
    const { member, task } = await returning();
    for (let sent = 0; sent < 400; sent++) {
      member.say({ type: 'offer', ...task, nonce: MARKER, digest: 'ab'.repeat(32) });
    }
    expect(await member.closed).toMatchObject({ code: 4012 });
  });

  test('reads no message that is larger than an update can be', async () => {
    const { member, task } = await returning();
    member.say({ type: 'offer', ...task, digest: 'ab'.repeat(32) }, new Float32Array(50_000));
    expect(await member.closed).toMatchObject({ code: 1009 });
  });

  test('tells a client of another version both versions', async () => {
    const member = await hostile(served.url);
    member.greet({ ...marked, protocol: 99 });
    const { code, goodbye } = await member.closed;
    expect(code).toBe(4001);
    expect(goodbye).toMatch(/protocol 2, .* 99$/);
  });

  test('rejects what is said for another client, and answers a stale nonce with LATE', async () => {
    const { member, task } = await returning();
    const other = keepersTask.client;
    member.say({ type: 'offer', ...task, client: other, digest: 'ab'.repeat(32) });
    expect(await member.hears('answer')).toMatchObject({ answer: 'REJECTED', client: other });
    member.say({ type: 'offer', ...task, nonce: MARKER, digest: 'ab'.repeat(32) });
    expect(await member.hears('answer')).toMatchObject({ answer: 'LATE', client: ownClient });
    await member.granted(task);
    member.socket.send(member.sealed({ ...task, client: other }, zeros()));
    expect(await member.hears('answer')).toMatchObject({ answer: 'REJECTED', client: other });
    await member.granted(task);
    member.socket.send(member.sealed({ ...task, round: task.round + 1 }, zeros()));
    expect(await member.hears('answer')).toMatchObject({ answer: 'LATE', round: task.round + 1 });
    // A failure that names another client settles nothing: the keeper still owes its reply at the end.
    member.say({ type: 'failure', ...task, client: other, reason: MARKER });
    member.socket.terminate();
  });

  test('closes the first connection of a key when a second one comes', async () => {
    const first = await returning();
    const second = await returning();
    expect(await first.member.closed).toMatchObject({ code: 4010 });
    expect(second.task).toEqual(first.task);
    second.member.socket.terminate();
  });

  test('gives nobody the seat of another key', async () => {
    for (const slot of [ownClient, keepersTask.client]) {
      const member = await hostile(served.url);
      member.greet({ ...marked, slot });
      expect(await member.closed).toMatchObject({ code: 4006, goodbye: `client ${slot} is another one` });
    }
    const member = await hostile(served.url, { identity: own });
    member.greet({ ...marked, slot: 7 });
    expect(await member.closed).toMatchObject({
      code: 4006,
      goodbye: `this key is client ${ownClient} of the run, and asks to be client 7`,
    });
  });

  test.each([
    [{ features: 63 }, 'the data have 63 features, the scenario 64'],
    [{ classes: 11 }, 'the data have labels up to 10, the scenario 10 classes (0 to 9)'],
    [{ examples: 0 }, 'the data have no examples'],
    [{ examples: 1_000_000 }, /^the data have 1000000 examples, the scenario expects at most \d+ in all$/],
    [{ datasetDigest: 'ab'.repeat(32), clients: 8 }, /^other data: SHA-256 abababababab, the coordinator has /],
    [{ datasetDigest: 'ab'.repeat(32), clients: 9 }, /divided among 9 clients, the scenario has 8$/],
  ])('turns a client away that declares %o, with the whole reason', async (declared, reason) => {
    const member = await hostile(served.url);
    await member.joins(declared, marked);
    const { code, goodbye } = await member.closed;
    expect(code).toBe(4007);
    expect(goodbye).toMatch(reason);
  });

  test('holds a client to the number of examples that it joined with', async () => {
    const member = await hostile(served.url, { identity: own });
    await member.joins({ examples: 41 }, marked);
    const { code, goodbye } = await member.closed;
    expect(code).toBe(4007);
    expect(goodbye).toContain('joined this run with 40 examples and now has 41');
  });

  test('closes a peer for bytes that are no frame, for text, and for messages out of turn', async () => {
    const says: [(member: Member) => void, number][] = [
      [({ socket }) => socket.send(Buffer.from(`\xff\xff\xff\xff${MARKER}`, 'latin1')), 4002],
      [({ socket }) => socket.send(Buffer.alloc(0)), 4002],
      [({ socket }) => socket.send(MARKER), 4002],
      [(member) => member.say({ type: MARKER }), 4002],
      [(member) => member.greet({ [MARKER]: 1 }), 4002],
      [(member) => member.greet({ software: MARKER.repeat(1000) }), 4002],
      [(member) => member.say({ type: 'failure', ...keepersTask, reason: MARKER }), 4004],
      [(member) => member.say({ type: 'ready', clients: 1, examples: 40, features: 64, classes: 10 }), 4004],
      [(member) => [1, 2].forEach(() => void member.greet(marked)), 4004],
      [(member) => member.say({ type: 'goodbye', reason: MARKER }), 4000],
    ];
    for (const [say, code] of says) {
      const member = await hostile(served.url);
      say(member);
      expect(await member.closed, String(say)).toMatchObject({ code });
    }
  });

  test('rejects an update with NaN, for good', async () => {
    const { member, task } = await returning();
    await member.granted(task);
    member.socket.send(member.sealed(task, zeros().fill(Number.NaN, 7, 8)));
    expect(await member.hears('answer')).toMatchObject({ answer: 'REJECTED', client: ownClient });
    member.say({ type: 'offer', ...task, digest: 'cd'.repeat(32) });
    expect(await member.hears('answer')).toMatchObject({ answer: 'REJECTED', client: ownClient });
    member.say({ type: 'goodbye', reason: MARKER });
    expect(await member.closed).toMatchObject({ code: 4000 });
  });

  test('commits every round after all of it, and wrote nothing that the hostile peer did', async () => {
    const page = await fetch(`${served.url.replace(/^ws/, 'http')}/metrics`);
    expect(page.status).toBe(200);
    const metrics = await page.text();
    expect(metrics).toMatch(/connections_refused_total\{reason="signature"\} 3/);
    expect(metrics).not.toContain(MARKER);

    keeper.say({ type: 'failure', ...keepersTask, reason: 'out of battery' });
    keeper.say({ type: 'goodbye', reason: 'done' });
    const [coordinator, clients] = await Promise.all([served.command.ended, honest.ended]);
    expect([coordinator.code, clients.code]).toEqual([0, 0]);
    expect(JSON.parse(coordinator.stdout)).toMatchObject({ rounds: ROUNDS });

    const rounds = readLines(join(served.run, 'rounds.jsonl'));
    expect(rounds.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
    const { failures } = rounds[0] as { failures: { client: number; code: string }[] };
    const codes = Object.fromEntries(failures.map(({ client, code }) => [client, code]));
    expect(codes).toEqual({ [ownClient]: 'non-finite', [keepersTask.client]: 'client-error' });

    expect(coordinator.stderr).toContain('client refused');
    expect(coordinator.stderr).not.toContain(MARKER);
    expect(coordinator.stderr).not.toContain(own.key);
    expect(readFileSync(join(served.run, 'rounds.jsonl'), 'utf8')).not.toContain(MARKER);
  });
});

describe('a coordinator that is impatient', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await serve('{ quorum: 1, lostAfterSeconds: 0.1 }', [
      'helloMs=300',
      'uploadMs=300',
      'silenceMs=600',
      'pingEveryMs=200',
    ]));
  });

  test('closes whoever does not say hello in time', async () => {
    const member = await hostile(url);
    expect(await member.closed).toMatchObject({ code: 4003 });
  });

  test('closes whoever answers no ping', async () => {
    const member = await hostile(url, { autoPong: false });
    await member.joins();
    expect(await member.closed).toMatchObject({ code: 4005 });
  });

  test('closes whoever does not send what was granted in time', async () => {
    const member = await hostile(url);
    await member.joins();
    await member.granted(taskOf(await member.hears('train')));
    expect(await member.closed).toMatchObject({ code: 4014 });
  });
});
