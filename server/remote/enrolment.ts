/**
 * Who may take part: a folder (0700) of small files, which a running coordinator and `fedtempo enroll` share.
 *
 *   tokens/<sha256 of the token>.json   may be redeemed once
 *   tokens/<sha256 of the token>.used   by which key it was; made exclusively and whole, so that there is one winner
 *   clients/<key>.json                  a key that may connect
 *
 * Files are read at each question, so what is added or revoked counts from the next connection on; revocation.ts sees to those
 * that are open. File names come from checked keys and digests, never from a peer's text. Only the expiry of tokens asks the
 * wall clock: it is a promise to people, in their time; a clock that jumps may end or prolong a token, and changes nothing for
 * enrolled clients.
 */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { createDurably, removeDurably, writeDurably } from '../store/durable.js';
import {
  type About,
  type ClientEntry,
  checkAbout,
  clientEntry,
  clientFile,
  newToken,
  readEntry,
  type TokenEntry,
  tokenDigest,
  tokenEntry,
  tokenFiles,
  usedEntry,
} from './enrolment-entries.js';
import { keysIn, type Listed, listEntries, type Revoked, revokeEntries } from './enrolment-list.js';
import { isKey } from './signature.js';

export interface Enrolled extends About {
  /** The public key in base64url. */
  readonly key: string;
}

export class Enrolment {
  readonly folder: string;
  readonly #now: () => number;

  private constructor(folder: string, now: () => number) {
    this.folder = folder;
    this.#now = now;
  }

  /**
   * A folder that is there.
   *
   * @param now the wall clock, Unix time in milliseconds
   * @throws FedtempoError ENROLMENT_INVALID if it is none, is not this user's to read and write, or others may write to it
   */
  static open(folder: string, now: () => number = Date.now): Enrolment {
    const expected = 'a folder that fedtempo enroll has made, as the user who runs the coordinator';
    try {
      for (const part of ['tokens', 'clients']) {
        accessSync(join(folder, part, '.'), constants.R_OK | constants.W_OK | constants.X_OK);
      }
    } catch (error) {
      const fix = `fedtempo enroll --to '${folder}'`;
      throw new FedtempoError('ENROLMENT_INVALID', 'the enrolment folder cannot be used', {
        ...{ where: folder, found: messageOf(error), expected, fix },
      });
    }
    const { mode } = statSync(folder);
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
      throw new FedtempoError('ENROLMENT_INVALID', 'others could enrol themselves', {
        where: folder,
        found: `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`,
        expected: 'mode 0700, for its owner alone',
        fix: `chmod 700 '${folder}'`,
      });
    }
    return new Enrolment(folder, now);
  }

  /** The same, made if it is not there. @throws FedtempoError ENROLMENT_INVALID */
  static create(folder: string, now: () => number = Date.now): Enrolment {
    try {
      for (const part of ['tokens', 'clients']) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new FedtempoError('ENROLMENT_INVALID', 'the enrolment folder cannot be made', {
        where: folder,
        found: messageOf(error),
        expected: 'a place where this user may make a folder',
        fix: 'choose another one with --to DIR',
      });
    }
    return Enrolment.open(folder, now);
  }

  /**
   * The client of this key, if it is enrolled now.
   *
   * @throws FedtempoError STORAGE_FAILED if that cannot be read now, for want of open files perhaps: try later
   */
  find(key: string): Enrolled | undefined {
    if (!isKey(key)) return undefined;
    const entry = readEntry(clientFile(this.folder, key), clientEntry);
    // A copied or renamed file speaks for nobody.
    return entry?.key === key ? enrolled(entry) : undefined;
  }

  /**
   * The keys that have a file, read without holding up the thread; what a file is worth `find` says. Rejects with the system's
   * error if the folder cannot be read now.
   */
  keys(): Promise<ReadonlySet<string>> {
    return keysIn(this.folder);
  }

  /**
   * Enrols a key by a token. Ask only once the key's owner has signed. Which of several keys comes first is decided on
   * disk; the winner may come again, since it cannot know whether it was heard, and is told what holds for it now.
   *
   * @throws FedtempoError STORAGE_FAILED if the folder cannot be read or written now; the same key may try again
   */
  redeem(token: string, key: string): Enrolled | 'unknown' | 'used' | 'expired' {
    const digest = tokenDigest(token);
    if (digest === undefined || !isKey(key)) return 'unknown';
    const files = tokenFiles(this.folder, digest);
    const entry = readEntry(files.token, tokenEntry);
    if (entry === undefined) return 'unknown';
    const { expiresAt, ...about } = entry;
    const usedBy = readEntry(files.used, usedEntry)?.key;
    if (usedBy === key) {
      const known = this.find(key);
      if (known !== undefined) return known;
    } else if (usedBy !== undefined) {
      return 'used';
    } else if (expiresAt !== undefined && this.#now() >= Date.parse(expiresAt)) {
      return 'expired';
    }
    return storing(this.folder, () => {
      if (!createDurably(files.used, text({ key })) && readEntry(files.used, usedEntry)?.key !== key) return 'used';
      this.#writeClient(key, about);
      // It may have been revoked in between, by someone who could not see the client yet.
      if (readEntry(files.token, tokenEntry) !== undefined) return { key, ...about };
      removeDurably(clientFile(this.folder, key));
      return 'unknown';
    });
  }

  /**
   * Makes a token that one client may redeem.
   *
   * @returns the token; it is kept nowhere
   * @throws FedtempoError ENROLMENT_INVALID for a name or number that cannot be used, STORAGE_FAILED
   */
  addToken({ expiresAt, ...about }: About & { readonly expiresAt?: Date } = {}): string {
    checkAbout(about);
    const token = newToken();
    const entry: TokenEntry = { ...about, ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }) };
    const { token: file } = tokenFiles(this.folder, tokenDigest(token)!);
    storing(this.folder, () => writeDurably(file, text(entry)));
    return token;
  }

  /** Enrols a key at once; what was known of it is replaced. @throws FedtempoError ENROLMENT_INVALID, STORAGE_FAILED */
  addKey(key: string, about: About = {}): Enrolled {
    if (!isKey(key)) {
      throw new FedtempoError('ENROLMENT_INVALID', 'this is not the public key of a client', {
        found: JSON.stringify(String(key).slice(0, 100)),
        expected: '43 characters of base64url, an Ed25519 key',
        fix: 'run fedtempo enroll --show-key on the machine of the client',
      });
    }
    checkAbout(about);
    storing(this.folder, () => this.#writeClient(key, about));
    return { key, ...about };
  }

  /** All entries, those that count as none among them. */
  list(): Listed {
    return listEntries(this.folder, this.#now());
  }

  /**
   * Takes back all that `who` names: a name, a key, a token, or the first characters of a token's digest. With a token goes the
   * client that came by it, with a client its token, so that it cannot come by it again.
   *
   * @throws FedtempoError ENROLMENT_INVALID if nothing is named so, or more than one digest begins so; STORAGE_FAILED
   */
  revoke(who: string): Revoked {
    return storing(this.folder, () => revokeEntries(this.folder, this.list(), who));
  }

  #writeClient(key: string, about: About): void {
    const entry: ClientEntry = { key, ...about, enrolledAt: new Date(this.#now()).toISOString() };
    writeDurably(clientFile(this.folder, key), text(entry));
  }
}

function enrolled({ key, name, client }: ClientEntry): Enrolled {
  return { key, ...(name === undefined ? {} : { name }), ...(client === undefined ? {} : { client }) };
}

function text(entry: object): string {
  return `${JSON.stringify(entry)}\n`;
}

function storing<Result>(folder: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    throw new FedtempoError('STORAGE_FAILED', 'the enrolment folder cannot be written', {
      where: folder,
      found: messageOf(error),
      expected: 'room on the disk, and a folder of this user',
    });
  }
}
