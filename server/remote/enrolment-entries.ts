/**
 * What lies in an enrolment folder: schemas of its files, tokens and their digests.
 *
 * A token is kept as its SHA-256 alone, so whoever reads the folder cannot join with what is there; at 256 random bits a
 * token needs no slow hash. What a file says is parsed into a fresh object; a damaged file is as good as none.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { isKey } from './signature.js';

/** Troubles of the machine, which say nothing of the entry. */
const PASSING = ['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EAGAIN', 'EBUSY'];
/** Far more than an entry needs. */
const MAX_ENTRY_BYTES = 4096;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u;
const TOKEN = /^ft1_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** What an operator says of a client. */
export interface About {
  /** For people: it appears in lists and logs. */
  readonly name?: string | undefined;
  /** Which client of the population it is, from 0; if left out the coordinator chooses. */
  readonly client?: number | undefined;
}

const about = {
  name: z.string().regex(NAME).optional(),
  client: z.int().min(0).max(0xffff_ffff).optional(),
};

export const tokenEntry = z.strictObject({ ...about, expiresAt: z.iso.datetime().optional() });
export const usedEntry = z.strictObject({ key: z.string().refine(isKey) });
export const clientEntry = z.strictObject({
  key: z.string().refine(isKey),
  ...about,
  enrolledAt: z.iso.datetime(),
});

export type TokenEntry = z.output<typeof tokenEntry>;
export type ClientEntry = z.output<typeof clientEntry>;

export function clientFile(folder: string, key: string): string {
  return join(folder, 'clients', `${key}.json`);
}

/** @param digest of the token, in hexadecimal */
export function tokenFiles(folder: string, digest: string): { readonly token: string; readonly used: string } {
  const path = join(folder, 'tokens', digest);
  return { token: `${path}.json`, used: `${path}.used` };
}

/**
 * The entry in a file; undefined if there is no such file, or it is damaged or closed to this user.
 *
 * @throws FedtempoError STORAGE_FAILED if the machine could not read it now: a client must not be turned away for that
 */
export function readEntry<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MAX_ENTRY_BYTES);
      const text = bytes.toString('utf8', 0, readSync(file, bytes));
      return schema.parse(JSON.parse(text));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (!PASSING.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new FedtempoError('STORAGE_FAILED', 'the enrolment folder cannot be read', {
      where: path,
      found: messageOf(error),
      expected: 'a disk without errors, and files left to open',
      fix: 'raise the limit of open files (ulimit -n, LimitNOFILE)',
    });
  }
}

/** A token that nobody can guess: 32 random bytes. */
export function newToken(): string {
  return `ft1_${randomBytes(32).toString('base64url')}`;
}

/** The SHA-256 of a token in hexadecimal; undefined for what cannot be one. */
export function tokenDigest(token: string): string | undefined {
  return TOKEN.test(token) ? createHash('sha256').update(token).digest('hex') : undefined;
}

/** @throws FedtempoError ENROLMENT_INVALID for a name or number that no entry could hold */
export function checkAbout({ name, client }: About): void {
  if (!about.name.safeParse(name).success) {
    throw new FedtempoError('ENROLMENT_INVALID', 'a name cannot be used', {
      found: JSON.stringify(name),
      expected: '1 to 64 letters, digits, blanks and . _ @ -, the first a letter or digit',
    });
  }
  if (!about.client.safeParse(client).success) {
    throw new FedtempoError('ENROLMENT_INVALID', 'a number of a client cannot be used', {
      found: String(client),
      expected: 'a whole number from 0, as the scenario counts its clients',
    });
  }
}
