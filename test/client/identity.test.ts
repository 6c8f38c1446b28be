import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, openIdentity } from 'fedtempo/client/identity.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { describe, expect, test } from 'vitest';
import { repository, temporaryFolder } from '../support/processes.js';

const pem = (type: 'ed25519' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

/** What opening the folder is refused with. */
function refusal(folder: string): FedtempoError {
  try {
    openIdentity(folder);
  } catch (error) {
    expect(error).toBeInstanceOf(FedtempoError);
    expect((error as FedtempoError).code).toBe('IDENTITY_INVALID');
    return error as FedtempoError;
  }
  throw new Error('it was not refused');
}

/** A folder with this as its key file. */
function folderWith(content: string | Buffer, mode = 0o600): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'key.pem'), content, { mode });
  chmodSync(join(folder, 'key.pem'), mode);
  return folder;
}

describe('an identity', () => {
  test('is made in a folder and file of its own, and is the same the next time', () => {
    const folder = join(temporaryFolder(), 'of', 'alice');
    const first = openIdentity(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['key.pem']);
    expect(openIdentity(folder).key).toBe(first.key);
    expect(openIdentity(join(temporaryFolder(), 'bob')).key).not.toBe(first.key);
  });

  test('has the raw public key as its name, and signs with the private one', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const identity = identityOf(privateKey);
    // RFC 8037: `x` of a JWK is the raw key in base64url.
    const jwk = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' });
    expect(identity.key).toBe(jwk.x);
    const said = Buffer.from('an update');
    const signature = identity.sign(said);
    expect(signature).toHaveLength(64);
    expect(verify(null, said, publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from('another'), publicKey, signature)).toBe(false);
  });

  test('can be had of keys made in this process, however often garbage is collected', () => {
    const code = `import { generateKeyPairSync } from 'node:crypto';
      import { identityOf } from 'fedtempo/client/identity.js';
      const keys = [];
      for (let index = 0; index < 100; index++) {
        const { privateKey } = generateKeyPairSync('ed25519');
        for (let again = 0; again < 500; again++) keys.push(identityOf(privateKey).key);
      }
      console.log(new Set(keys).size);`;
    const args = ['--max-semi-space-size=1', '--input-type=module', '-e', code];
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: repository,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '100\n' });
  });

  test('is one, when eight processes make it at the same moment', async () => {
    const folder = join(temporaryFolder(), 'identity');
    const code = `import { openIdentity } from 'fedtempo/client/identity.js';
      process.stdin.once('data', () => { console.log(openIdentity(process.argv[1]).key); process.exit(); });
      console.log('waits');`;
    const processes = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', code, folder], { cwd: repository }),
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
    const keys = said.map((words) => words.join('').trim().split('\n')[1]);
    expect(new Set(keys)).toEqual(new Set([openIdentity(folder).key]));
    expect(readdirSync(folder)).toEqual(['key.pem']);
  });
});

describe('a key file is refused', () => {
  test.runIf(process.platform !== 'win32').each([0o640, 0o604, 0o620, 0o601])(
    'if its mode is %o: others could use it',
    (mode) => {
      const folder = folderWith(pem('ed25519'), mode);
      const { details } = refusal(folder);
      expect(details.found).toBe(`mode 0${mode.toString(8)}`);
      expect(details.fix).toBe(`chmod 600 '${join(folder, 'key.pem')}'`);
      chmodSync(join(folder, 'key.pem'), 0o600);
      expect(openIdentity(folder).key).toHaveLength(43);
    },
  );

  test.each([
    ['empty', ''],
    ['cut off', pem('ed25519').slice(0, 80)],
    ['of other bytes', Buffer.alloc(200_000, 0xff)],
    ['a public key', createPublicKey(pem('ed25519')).export({ type: 'spki', format: 'pem' })],
    [
      'locked with a passphrase',
      generateKeyPairSync('ed25519').privateKey.export({
        ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
      } as never) as unknown as string,
    ],
  ])('if it is %s, and stays as it was', (_, content) => {
    const folder = folderWith(content);
    const error = refusal(folder);
    expect(error.summary).toBe("the client's key is damaged");
    expect(error.details.fix).toContain('put the right file back');
    expect(readFileSync(join(folder, 'key.pem'))).toEqual(Buffer.from(content));
  });

  test.each([
    ['X25519', pem('x25519')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })],
  ])('if it is an %s key', (kind, content) => {
    const { summary, details } = refusal(folderWith(content));
    expect(summary).toBe('the key is of another kind');
    expect(details.found).toContain(kind.toLowerCase());
  });

  test('if it is a folder, or in a place where no folder can be', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'key.pem'), { mode: 0o700 });
    refusal(folder);
    writeFileSync(join(folder, 'file'), '');
    const { details } = refusal(join(folder, 'file', 'below'));
    expect(details.fix).toContain('--identity');
    expect(existsSync(join(folder, 'file', 'below'))).toBe(false);
  });
});
