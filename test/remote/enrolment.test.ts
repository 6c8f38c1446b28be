import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { identityOf } from 'fedtempo/client/identity.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { describe, expect, test } from 'vitest';
import { repository, temporaryFolder } from '../support/processes.js';

const HOUR = 3_600_000;
const newKey = () => identityOf(generateKeyPairSync('ed25519').privateKey).key;
const [alice, bob] = [newKey(), newKey()];

/** An enrolment of its own, with a clock that moves as told. */
function enrolment() {
  const folder = join(temporaryFolder(), 'enrolment');
  const clock = { now: Date.parse('2026-03-01T12:00:00Z') };
  const store = Enrolment.create(folder, () => clock.now);
  const digestOf = (token: string) => createHash('sha256').update(token).digest('hex');
  const file = (token: string, ending = 'json') => join(folder, 'tokens', `${digestOf(token)}.${ending}`);
  const clientFile = (key: string) => join(folder, 'clients', `${key}.json`);
  return { folder, clock, store, digestOf, file, clientFile };
}

function refusal(action: () => unknown): FedtempoError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FedtempoError);
    return error as FedtempoError;
  }
  throw new Error('it was not refused');
}

describe('a token', () => {
  test('enrols the first key that redeems it, with the name and number it was made for, and no other', () => {
    const { store, folder } = enrolment();
    const token = store.addToken({ name: 'alice', client: 3 });
    expect(token).toMatch(/^ft1_[A-Za-z0-9_-]{43}$/);
    expect(store.find(alice)).toBeUndefined();
    expect(store.redeem(token, alice)).toEqual({ key: alice, name: 'alice', client: 3 });
    expect(store.redeem(token, bob)).toBe('used');
    expect(store.find(bob)).toBeUndefined();
    // Another process with the same folder sees it too.
    expect(Enrolment.open(folder).find(alice)).toEqual({ key: alice, name: 'alice', client: 3 });
  });

  test('is nowhere in the folder, which is for its owner alone', () => {
    const { store, folder } = enrolment();
    const token = store.addToken();
    store.redeem(token, alice);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = ['tokens', 'clients'].flatMap((part) =>
      readdirSync(join(folder, part)).map((name) => join(part, name)),
    );
    expect(files).toHaveLength(3);
    for (const name of files) {
      expect(name).not.toContain(token.slice(4));
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain(token.slice(4));
    }
  });

  test('may be redeemed again by the key that won, whether or not the crash came before its entry', () => {
    const { store, clock, clientFile } = enrolment();
    const token = store.addToken({ name: 'alice', expiresAt: new Date(clock.now + HOUR) });
    store.redeem(token, alice);
    expect(store.redeem(token, alice)).toEqual({ key: alice, name: 'alice' });
    rmSync(clientFile(alice));
    clock.now += 2 * HOUR;
    expect(store.redeem(token, bob)).toBe('used');
    expect(store.redeem(token, alice)).toEqual({ key: alice, name: 'alice' });
    expect(store.find(alice)).toEqual({ key: alice, name: 'alice' });
  });

  test('does not undo what was said of the client later', () => {
    const { store } = enrolment();
    const token = store.addToken({ name: 'alice', client: 3 });
    store.redeem(token, alice);
    store.addKey(alice, { name: 'alice', client: 9 });
    expect(store.redeem(token, alice)).toEqual({ key: alice, name: 'alice', client: 9 });
  });

  test('expires at the moment that it names, and not before', () => {
    const { store, clock } = enrolment();
    const expiresAt = new Date(clock.now + HOUR);
    const [early, late] = [store.addToken({ expiresAt }), store.addToken({ expiresAt })];
    clock.now += HOUR - 1;
    expect(store.redeem(early, alice)).toEqual({ key: alice });
    clock.now += 1;
    expect(store.redeem(late, bob)).toBe('expired');
    expect(store.find(bob)).toBeUndefined();
    clock.now -= 1;
    expect(store.redeem(late, bob)).toEqual({ key: bob });
  });

  test('has one winner of eight processes that redeem it at the same moment', async () => {
    const { store, folder } = enrolment();
    const code = `import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
      const [folder, token, key] = process.argv.slice(1);
      const store = Enrolment.open(folder);
      process.stdin.once('data', () => { console.log(JSON.stringify(store.redeem(token, key))); process.exit(); });
      console.log('waits');`;
    const token = store.addToken();
    const keys = Array.from({ length: 8 }, newKey);
    const processes = keys.map((key) =>
      spawn(process.execPath, ['--input-type=module', '-e', code, folder, token, key], { cwd: repository }),
    );
    const said = processes.map((child) => {
      const words: string[] = [];
      child.stdout.setEncoding('utf8').on('data', (text: string) => words.push(text));
      return words;
    });
    await Promise.all(processes.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))));
    const ended = processes.map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of processes) child.stdin.write('go\n');
    await Promise.all(ended);
    const answers = said.map((words) => JSON.parse(words.join('').trim().split('\n')[1]) as unknown);
    expect(answers.filter((answer) => answer === 'used')).toHaveLength(7);
    const winner = keys[answers.findIndex((answer) => answer !== 'used')];
    expect(answers).toContainEqual({ key: winner });
    expect(keys.filter((key) => store.find(key) !== undefined)).toEqual([winner]);
    expect(readdirSync(join(folder, 'tokens'))).toHaveLength(2);
  });
});

test('a key that an operator adds may connect at once, and has what was said last', () => {
  const { store } = enrolment();
  store.addKey(alice, { name: 'hospital 7', client: 0 });
  expect(store.find(alice)).toEqual({ key: alice, name: 'hospital 7', client: 0 });
  store.addKey(alice);
  expect(store.find(alice)).toEqual({ key: alice });
});

test('what a peer sends never becomes a file name and never throws', () => {
  const { store, folder } = enrolment();
  const token = store.addToken();
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.constantFrom(
      '',
      '.',
      '..',
      `../clients/${alice}`,
      `${alice}\0`,
      `ft1_${'../'.repeat(14)}A`,
      token,
      alice,
      '__proto__',
    ),
  );
  fc.assert(
    fc.property(text, text, (said, key) => {
      if (key === alice) return;
      expect(store.redeem(said, key)).toBe('unknown');
      expect(store.find(key)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  expect(readdirSync(folder)).toEqual(['clients', 'tokens']);
  expect([...readdirSync(join(folder, 'clients')), ...readdirSync(join(folder, 'tokens'))]).toHaveLength(1);
});

describe('trouble of the machine', () => {
  test('while a token is redeemed is told, and the same key may try again', () => {
    const { store, folder } = enrolment();
    const token = store.addToken({ name: 'alice' });
    const clients = join(folder, 'clients');
    rmSync(clients, { recursive: true });
    writeFileSync(clients, '');
    expect(refusal(() => store.redeem(token, alice))).toMatchObject({
      code: 'STORAGE_FAILED',
      details: { where: folder, found: expect.stringContaining('ENOTDIR') },
    });
    rmSync(clients);
    mkdirSync(clients);
    expect(store.find(alice)).toBeUndefined();
    expect(store.redeem(token, bob)).toBe('used');
    expect(store.redeem(token, alice)).toEqual({ key: alice, name: 'alice' });
  });

  test.runIf(process.platform !== 'win32')('that has no files left to open does not turn a client away', async () => {
    const { store, folder } = enrolment();
    store.addKey(alice);
    const token = store.addToken();
    const code = `import { closeSync, openSync } from 'node:fs';
      import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
      const [folder, token, key, other] = process.argv.slice(1);
      const store = Enrolment.open(folder);
      const say = (ask) => { try { console.log(JSON.stringify(ask())); } catch (error) { console.log(error.code); } };
      say(() => store.find(key));
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch (error) { console.log(error.code); }
      say(() => store.find(key));
      say(() => store.redeem(token, other));
      for (const file of open) closeSync(file);
      say(() => store.find(key));
      say(() => store.redeem(token, other));`;
    const script = 'ulimit -n 200; exec "$@"';
    const args = [process.execPath, '--input-type=module', '-e', code, folder, token, alice, bob];
    const child = spawn('sh', ['-c', script, 'sh', ...args], { cwd: repository });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    const known = JSON.stringify({ key: alice });
    expect(said.trim().split('\n')).toEqual([
      ...[known, 'EMFILE', 'STORAGE_FAILED', 'STORAGE_FAILED', known],
      JSON.stringify({ key: bob }),
    ]);
  });
});

describe('a damaged file', () => {
  const damages: [string, string | Buffer][] = [
    ['empty', ''],
    ['cut off', '{"name":"al'],
    ['of other bytes', Buffer.alloc(1 << 20, 0xff)],
    ['of another form', '[]'],
    ['null', 'null'],
  ];

  test.each(damages)('that is %s is no token, no winner and no client, and hurts no other entry', (_, content) => {
    const { store, file, clientFile } = enrolment();
    const [first, second, third] = [store.addToken(), store.addToken(), store.addToken()];
    store.addKey(bob);
    writeFileSync(file(first), content);
    expect(store.redeem(first, alice)).toBe('unknown');
    writeFileSync(file(second, 'used'), content);
    expect(store.redeem(second, alice)).toBe('used');
    writeFileSync(clientFile(alice), content);
    expect(store.find(alice)).toBeUndefined();
    expect([...store.list().damaged].sort()).toEqual(
      [
        `clients/${alice}.json`,
        ...[file(first), file(second, 'used')].map((path) => path.slice(path.indexOf('tokens/'))),
      ].sort(),
    );
    expect(store.find(bob)).toEqual({ key: bob });
    expect(store.redeem(third, alice)).toEqual({ key: alice });
    store.revoke(alice);
    expect(store.find(alice)).toBeUndefined();
  });

  test.each([
    '{"expiresAt":"soon"}',
    '{"client":-1}',
    '{"client":"3"}',
    '{"name":"a\\u001b[31mb"}',
    '{"name":"a","role":"admin"}',
  ])('that says %s is no token', (content) => {
    const { store, file } = enrolment();
    const token = store.addToken();
    writeFileSync(file(token), content);
    expect(store.redeem(token, alice)).toBe('unknown');
  });

  test('that was copied to the name of another key enrols nobody', () => {
    const { store, clientFile } = enrolment();
    store.addKey(alice);
    copyFileSync(clientFile(alice), clientFile(bob));
    expect(store.find(bob)).toBeUndefined();
    mkdirSync(clientFile(newKey()));
    expect(store.list()).toMatchObject({ clients: [{ key: alice }] });
    expect(store.list().damaged).toHaveLength(2);
  });
});

test('a list has every token with its state and every client', () => {
  const { store, clock, digestOf } = enrolment();
  const expiresAt = new Date(clock.now + HOUR);
  const [open, used, over] = [
    store.addToken({ name: 'carol' }),
    store.addToken({ client: 5, expiresAt }),
    store.addToken({ name: 'dan', expiresAt }),
  ];
  store.redeem(used, alice);
  clock.now += HOUR;
  const { tokens, clients, damaged } = store.list();
  const sorted = [
    { digest: digestOf(open), state: 'open', name: 'carol' },
    { digest: digestOf(used), state: 'used', client: 5, usedBy: alice, expiresAt: '2026-03-01T13:00:00.000Z' },
    { digest: digestOf(over), state: 'expired', name: 'dan', expiresAt: '2026-03-01T13:00:00.000Z' },
  ].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  expect(tokens).toEqual(sorted);
  expect(clients).toEqual([{ key: alice, client: 5, enrolledAt: '2026-03-01T12:00:00.000Z' }]);
  expect(damaged).toEqual([]);
});

describe('revoking', () => {
  test.each<[string, (names: { token: string; digest: string }) => string]>([
    ['a name', () => 'alice'],
    ['a key', () => alice],
    ['a token', ({ token }) => token],
    ['the first characters of a digest', ({ digest }) => digest.slice(0, 12)],
  ])('by %s takes back client and token, so that neither opens the door again', (_, who) => {
    const { store, digestOf, folder } = enrolment();
    const token = store.addToken({ name: 'alice' });
    const digest = digestOf(token);
    store.redeem(token, alice);
    store.addKey(bob, { name: 'bob' });
    const other = store.addToken({ name: 'carol' });
    expect(store.revoke(who({ token, digest }))).toEqual({ tokens: [digest], clients: [alice] });
    expect(store.find(alice)).toBeUndefined();
    expect(store.redeem(token, alice)).toBe('unknown');
    expect(store.find(bob)).toEqual({ key: bob, name: 'bob' });
    expect(readdirSync(join(folder, 'tokens'))).toEqual([`${digestOf(other)}.json`]);
  });

  test('by a name that two machines share takes back both, and an open token of it', () => {
    const { store, digestOf } = enrolment();
    store.addKey(alice, { name: 'ward' });
    store.addKey(bob, { name: 'ward' });
    const token = store.addToken({ name: 'ward' });
    const revoked = store.revoke('ward');
    expect(revoked.tokens).toEqual([digestOf(token)]);
    expect([...revoked.clients].sort()).toEqual([alice, bob].sort());
    expect(store.list()).toEqual({ tokens: [], clients: [], damaged: [] });
  });

  test.each(['mallory', 'ft1_x', '0123456', '', '../clients'])('of %j, which names nobody, is refused', (who) => {
    const { store } = enrolment();
    store.addKey(alice, { name: 'alice' });
    const error = refusal(() => store.revoke(who));
    expect(error.code).toBe('ENROLMENT_INVALID');
    expect(error.details.fix).toContain('--list');
    expect(store.find(alice)).toBeDefined();
  });
});

describe('refused are', () => {
  test('a folder that is none, half of one, or open to others', () => {
    const { folder } = enrolment();
    const nowhere = join(folder, 'nowhere');
    expect(refusal(() => Enrolment.open(nowhere))).toMatchObject({
      code: 'ENROLMENT_INVALID',
      details: { where: nowhere, fix: `fedtempo enroll --to '${nowhere}'` },
    });
    expect(existsSync(nowhere)).toBe(false);
    chmodSync(folder, 0o770);
    expect(refusal(() => Enrolment.open(folder)).details).toMatchObject({
      found: 'mode 0770',
      fix: `chmod 700 '${folder}'`,
    });
    chmodSync(folder, 0o700);
    rmSync(join(folder, 'clients'), { recursive: true });
    expect(refusal(() => Enrolment.open(folder)).code).toBe('ENROLMENT_INVALID');
    writeFileSync(join(folder, 'clients'), '');
    expect(refusal(() => Enrolment.open(folder)).code).toBe('ENROLMENT_INVALID');
    expect(refusal(() => Enrolment.create(join(folder, 'clients', 'below'))).details.fix).toContain('--to');
  });

  test.each(['', ' a', 'a\nb', '\u001b[31m', 'x'.repeat(65), '../a'])('the name %j', (name) => {
    const { store } = enrolment();
    expect(refusal(() => store.addToken({ name })).code).toBe('ENROLMENT_INVALID');
    expect(refusal(() => store.addKey(alice, { name })).code).toBe('ENROLMENT_INVALID');
    expect(store.list()).toEqual({ tokens: [], clients: [], damaged: [] });
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('the client number %d', (client) => {
    expect(refusal(() => enrolment().store.addToken({ client })).code).toBe('ENROLMENT_INVALID');
  });

  test('what is no public key', () => {
    const { store, folder } = enrolment();
    for (const key of ['', '../../etc/passwd', 'A'.repeat(43), `${alice}A`]) {
      expect(refusal(() => store.addKey(key)).details.fix).toContain('--show-key');
    }
    expect(readdirSync(join(folder, 'clients'))).toEqual([]);
  });
});
