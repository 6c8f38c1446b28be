/** Keys that are taken off the list while their connection is open. */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { openIdentity } from 'fedtempo/client/identity.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
import { expect, test } from 'vitest';
import { Member, newIdentity, taskOf } from '../support/member.js';
import { readLines, startCommand, temporaryFolder } from '../support/processes.js';
import { serveDigits } from '../support/served-digits.js';

const HEARTBEAT_MS = 200;

/** A coordinator of three clients that lets enrolled keys in, and looks at its list every HEARTBEAT_MS. */
async function serve(serving: string) {
  const folder = temporaryFolder();
  const enrolment = Enrolment.create(join(folder, 'enrolment'));
  const options = ['--enrolment', enrolment.folder, '--limit', `pingEveryMs=${HEARTBEAT_MS}`];
  return { enrolment, ...(await serveDigits({ folder, clients: 3, cohort: 3, rounds: 3, serving, options })) };
}

test('a client that trains is told so and ends, and the round does not wait for it', async () => {
  // Whoever is merely away would be waited for.
  const { folder, run, enrolment, command, url } = await serve('{ quorum: 2, lostAfterSeconds: 600 }');
  const revoked = newIdentity();
  enrolment.addKey(revoked.key, { name: 'mallory' });
  const honest = [0, 1].map((part) => {
    const identity = join(folder, `key-${part}`);
    enrolment.addKey(openIdentity(identity).key);
    return startCommand(['join', url, '--simulate-shard', '--identity', identity, '--quiet']);
  });
  const member = await Member.connect(url, { identity: revoked });
  await member.joins();
  const { client } = taskOf(await member.hears('train'));

  enrolment.revoke('mallory');
  expect(await member.closed).toMatchObject({ code: 4015, goodbye: 'this key is not enrolled any more' });
  const ended = await command.ended;
  expect(ended.code, ended.stderr).toBe(0);
  for (const one of honest) expect((await one.ended).code).toBe(0);
  const rounds = readLines(join(run, 'rounds.jsonl'));
  expect(rounds.map(({ failures }) => failures)).toEqual([
    [expect.objectContaining({ client, code: 'client-lost', reason: expect.stringContaining('has left') })],
    [],
    [],
  ]);
});

test('a client of the command line ends with a clear error, and is not let in again', async () => {
  const { folder, enrolment, url } = await serve('{ quorum: 3 }');
  const identity = join(folder, 'key');
  const { key } = openIdentity(identity);
  enrolment.addKey(key);
  const joining = () => startCommand(['join', url, '--simulate-shard', '--identity', identity]);
  const client = joining();
  await client.says(/joined as client/);
  enrolment.revoke(key);
  const { code, stderr } = await client.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/error JOIN_REFUSED: [\s\S]*this key is not enrolled any more/);
  expect(await joining().ended).toMatchObject({ code: 1, stderr: expect.stringContaining('this key is not enrolled') });
});

test('whoever stays on the list stays, though the list is written anew or cannot be read for a while', async () => {
  const { folder, enrolment, url } = await serve('{ quorum: 3 }');
  const identity = newIdentity();
  enrolment.addKey(identity.key);
  const member = await Member.connect(url, { identity });
  await member.joins();
  let closed = false;
  void member.closed.then(() => {
    closed = true;
  });
  const until = performance.now() + 5 * HEARTBEAT_MS;
  while (performance.now() < until) {
    enrolment.addKey(identity.key, { name: 'carol' });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [clients, away] = [join(enrolment.folder, 'clients'), join(folder, 'away')];
  renameSync(clients, away);
  await new Promise((resolve) => setTimeout(resolve, 3 * HEARTBEAT_MS));
  renameSync(away, clients);
  await new Promise((resolve) => setTimeout(resolve, 3 * HEARTBEAT_MS));
  expect(closed).toBe(false);
  expect(readFileSync(join(clients, `${identity.key}.json`), 'utf8')).toContain('carol');
  enrolment.revoke('carol');
  expect(await member.closed).toMatchObject({ code: 4015 });
});
