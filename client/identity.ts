/**
 * Who a client is: an Ed25519 key in a folder of its own, made at the first use.
 *
 * The coordinator knows a client by its public key alone, so whoever reads the private one is that client: a key file that
 * others could read is refused, as ssh does. The file appears whole or not at all, and never in the place of another,
 * so that processes that begin at the same moment end up with one key.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../shared/errors.js';

export interface Identity {
  /** The raw public key, 32 bytes in base64url: 43 characters. */
  readonly key: string;
  /** The Ed25519 signature (RFC 8032), 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** An Ed25519 public key in SPKI is a prefix and the key (RFC 8410). */
const KEY_BYTES = 32;

/** A PKCS8 Ed25519 key in PEM has 119 bytes; whatever is much longer is another file. */
const MAX_FILE_BYTES = 4096;

/**
 * The identity in `folder`: `key.pem` (PKCS8, mode 0600). Folder (0700) and key are made if they are not there.
 *
 * @throws FedtempoError IDENTITY_INVALID if group or others may read the key (not asked on Windows), if it is damaged, of another
 *   kind, or cannot be read or made
 */
export function openIdentity(folder: string): Identity {
  const file = join(folder, 'key.pem');
  try {
    return identityIn(file, readKey(file) ?? makeKey(folder, file));
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    throw new FedtempoError('IDENTITY_INVALID', "the client's key cannot be read or made", {
      where: file,
      found: messageOf(error),
      expected: 'a folder that belongs to this user',
      fix: 'choose another folder with --identity DIR',
    });
  }
}

/** @throws FedtempoError IDENTITY_INVALID for anything but a private Ed25519 key */
export function identityOf(privateKey: KeyObject): Identity {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
    throw new FedtempoError('IDENTITY_INVALID', 'the key is of another kind', {
      found: `a ${privateKey.type} ${privateKey.asymmetricKeyType ?? ''} key`,
      expected: 'a private Ed25519 key',
    });
  }
  // Not as JWK: Node 20 stops for ever if it collects garbage while it exports a key that it has generated itself.
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { key: spki.subarray(-KEY_BYTES).toString('base64url'), sign: (bytes) => sign(null, bytes, privateKey) };
}

function identityIn(file: string, pem: string): Identity {
  const mend = { where: file, fix: 'put the right file back, or remove it: a new key is made, to be enrolled anew' };
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    const found = messageOf(error);
    throw new FedtempoError('IDENTITY_INVALID', "the client's key is damaged", {
      ...{ ...mend, found, expected: 'an Ed25519 key, PKCS8 in PEM, without a passphrase' },
    });
  }
  try {
    return identityOf(privateKey);
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    throw new FedtempoError(error.code, error.summary, { ...error.details, ...mend });
  }
}

/** The text of the key file; undefined if there is none. @throws FedtempoError IDENTITY_INVALID if others may read it */
function readKey(file: string): string | undefined {
  let open: number;
  try {
    open = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    // Of the open file, not of the name: nobody can exchange it in between.
    const { mode } = fstatSync(open);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new FedtempoError('IDENTITY_INVALID', "others could use the client's key", {
        where: file,
        found: `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`,
        expected: 'mode 0600, for its owner alone',
        fix: `chmod 600 '${file}'`,
      });
    }
    const bytes = Buffer.alloc(MAX_FILE_BYTES);
    return bytes.toString('utf8', 0, readSync(open, bytes));
  } finally {
    closeSync(open);
  }
}

/** The text of the key that is there in the end: the one made here, or that of a process that was faster. */
function makeKey(folder: string, file: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const open = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(open, pem);
      fsyncSync(open);
    } finally {
      closeSync(open);
    }
    linkNew(temporary, file, pem);
    syncFolder(folder);
  } finally {
    rmSync(temporary, { force: true });
  }
  const kept = readKey(file);
  if (kept === undefined) throw new Error('the key was removed as soon as it was made');
  return kept;
}

/** A key that is enrolled must outlive the machine's end too. Windows cannot open a folder; there it is left out. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const open = openSync(folder, 'r');
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}

/** Gives the whole file its name, unless that name is taken. */
function linkNew(temporary: string, file: string, pem: string | Buffer): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    // Some file systems have no links (FAT): next best is a file that must be new.
    writeFileSync(file, pem, { flag: 'wx', mode: 0o600 });
  }
}
