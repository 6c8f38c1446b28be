import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openIdentity } from 'fedtempo/client/identity.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
import { describe, expect, test } from 'vitest';
import { runCommand, temporaryFolder } from '../support/processes.js';

const HOUR = 3_600_000;

/** A machine: `enroll` with its enrolment folder, and with its home. */
function machine() {
  const home = temporaryFolder();
  const to = join(home, 'enrolment');
  const enroll = (...options: string[]) =>
    runCommand(['enroll', '--to', to, ...options], { HOME: home, FEDTEMPO_IDENTITY: '' });
  return { home, to, enroll };
}

/** Keys with a dash in front would be taken for an option by a careless reader of the command line. */
function keyWithDash(): string {
  for (;;) {
    const { key } = openIdentity(join(temporaryFolder(), 'identity'));
    if (key.startsWith('-')) return key;
  }
}

test('enroll prints a token alone on standard output; a client joins with it once', async () => {
  const { to, enroll } = machine();
  const { code, stdout, stderr } = await enroll('--name', 'alice', '--client', '3');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ft1_[A-Za-z0-9_-]{43}\n$/);
  const token = stdout.trim();
  expect(stderr).toContain('A token for alice as client 3, until ');
  expect(stderr).toContain('fedtempo join URL --token TOKEN');
  expect(stderr).toContain(`fedtempo serve SCENARIO --enrolment '${to}'`);
  expect(stderr).not.toContain(token);
  const { key } = openIdentity(join(temporaryFolder(), 'identity'));
  expect(Enrolment.open(to).redeem(token, key)).toEqual({ key, name: 'alice', client: 3 });
});

describe('a token is good', () => {
  test.each<[string[], number | undefined]>([
    [[], 7 * 24 * HOUR],
    [['--expires', '90m'], 1.5 * HOUR],
    [['--expires', '12h'], 12 * HOUR],
    [['--expires', '4w'], 28 * 24 * HOUR],
    [['--expires', 'never'], undefined],
  ])('with %j for %d ms', async (options, lifetime) => {
    const { to, enroll } = machine();
    const before = Date.now();
    await enroll(...options);
    const after = Date.now();
    const [{ expiresAt }] = Enrolment.open(to).list().tokens;
    if (lifetime === undefined) return expect(expiresAt).toBeUndefined();
    const made = Date.parse(expiresAt ?? '') - lifetime;
    expect(made).toBeGreaterThanOrEqual(before);
    expect(made).toBeLessThanOrEqual(after);
  });
});

test('--show-key makes the key at the first time, and it enrols with --key, dash in front or not', async () => {
  const { home, to, enroll } = machine();
  const shown = await enroll('--show-key');
  expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[A-Za-z0-9_-]{43}\n$/) });
  const key = shown.stdout.trim();
  expect(openIdentity(join(home, '.fedtempo', 'identity')).key).toBe(key);
  expect((await enroll('--show-key')).stdout).toBe(`${key}\n`);
  expect(existsSync(to)).toBe(false);

  for (const each of [key, keyWithDash()]) {
    const { code, stdout, stderr } = await enroll('--key', each, '--name', 'bob');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('may join from now on: bob');
    expect(Enrolment.open(to).find(each)).toEqual({ key: each, name: 'bob' });
    expect(await enroll('--revoke', each)).toMatchObject({ code: 0, stderr: 'revoked: 1 client, 0 tokens\n' });
    expect(Enrolment.open(to).find(each)).toBeUndefined();
  }
  expect(statSync(to).mode & 0o777).toBe(0o700);
});

test('the key lies where flag, environment or home folder says, in this order', async () => {
  const folder = temporaryFolder();
  const [flag, environment] = [join(folder, 'flag'), join(folder, 'environment')];
  const show = (options: string[], environment: Record<string, string>) =>
    runCommand(['enroll', '--show-key', ...options], { HOME: folder, ...environment });
  const byFlag = await show(['--identity', flag], { FEDTEMPO_IDENTITY: environment });
  expect(byFlag.stdout.trim()).toBe(openIdentity(flag).key);
  expect(existsSync(environment)).toBe(false);
  const byEnvironment = await show([], { FEDTEMPO_IDENTITY: environment });
  expect(byEnvironment.stdout.trim()).toBe(openIdentity(environment).key);
  expect(existsSync(join(folder, '.fedtempo'))).toBe(false);
});

test('--list shows clients, tokens and damaged files; --revoke takes back by name', async () => {
  const { to, enroll } = machine();
  const token = (await enroll('--name', 'carol', '--client', '7')).stdout.trim();
  const { key } = openIdentity(join(temporaryFolder(), 'identity'));
  Enrolment.open(to).redeem(token, key);
  await enroll('--name', 'dan', '--expires', 'never');
  writeFileSync(join(to, 'clients', 'x.json'), '');
  const { code, stdout, stderr } = await enroll('--list');
  expect(code).toBe(0);
  const [head, , ...rows] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/));
  expect(head).toEqual(['name', 'client', 'entry', 'state', 'key or digest']);
  expect(rows).toHaveLength(3);
  expect(rows).toContainEqual(['carol', '7', 'client', expect.stringMatching(/^since .* UTC$/), key]);
  expect(rows).toContainEqual(['carol', '7', 'token', 'used', expect.stringMatching(/^[0-9a-f]{12}$/)]);
  expect(rows).toContainEqual(['dan', 'any', 'token', 'open', expect.stringMatching(/^[0-9a-f]{12}$/)]);
  expect(stderr).toBe(`! warning: ${to}/clients/x.json is damaged and counts as none\n`);
  expect(await enroll('--revoke', 'carol')).toMatchObject({ code: 0, stderr: 'revoked: 1 client, 1 token\n' });
  expect(Enrolment.open(to).find(key)).toBeUndefined();
});

test('--help teaches by example', async () => {
  const { code, stdout, stderr } = await runCommand(['enroll', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/^ {2}fedtempo enroll /gm)).toHaveLength(6);
  for (const word of ['FEDTEMPO_IDENTITY', '--expires', '7d', 'Exit code 0 done, 2 bad input']) {
    expect(stdout).toContain(word);
  }
});

test.each<[string, string[], RegExp]>([
  ['a list of no folder', ['--list'], /^error ENROLMENT_INVALID: .*[\s\S]*to mend: {2}fedtempo enroll --to/],
  ['somebody unknown to revoke', ['--to', '.', '--revoke', 'eve'], /^error ENROLMENT_INVALID: /],
  ['what is no key', ['--key', 'abc'], /^error ENROLMENT_INVALID: .*public key[\s\S]*--show-key/],
  ['a name with a line break', ['--name', 'a\nb'], /^error ENROLMENT_INVALID: [\s\S]*found: {4}"a\\nb"/],
  ['a time without a unit', ['--expires', '7'], /'7' is invalid.*7d/],
  ['no time at all', ['--expires', '0d'], /'0d' is invalid/],
  ['a client that is no number', ['--client', 'three'], /'three' is invalid/],
  ['two things at once', ['--list', '--show-key'], /cannot be used with/],
  ['a key that would expire', ['--key', 'A'.repeat(43), '--expires', '7d'], /cannot be used with/],
])('%s ends with exit code 2, and nothing is enrolled', async (_, options, said) => {
  const { to, enroll } = machine();
  const { code, stdout, stderr } = await enroll(...options);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
  expect(stderr).not.toContain('\n    at ');
  if (existsSync(to)) expect(Enrolment.open(to).list()).toEqual({ tokens: [], clients: [], damaged: [] });
});
