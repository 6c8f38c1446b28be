/** An enrolment folder as people see it: everything in it, and how what they name is taken back. */
import { existsSync, readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FedtempoError } from '../../shared/errors.js';
import { removeDurably } from '../store/durable.js';
import {
  type About,
  type ClientEntry,
  clientEntry,
  clientFile,
  readEntry,
  tokenDigest,
  tokenEntry,
  tokenFiles,
  usedEntry,
} from './enrolment-entries.js';
import { isKey } from './signature.js';

export interface ListedToken extends About {
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly state: 'open' | 'used' | 'expired';
  /** ISO 8601, UTC. */
  readonly expiresAt?: string | undefined;
  /** The key of the client that came by it. */
  readonly usedBy?: string | undefined;
}

export interface Listed {
  readonly tokens: readonly ListedToken[];
  readonly clients: readonly ClientEntry[];
  /** Files, relative to the folder, that count as none. */
  readonly damaged: readonly string[];
}

/** What was taken back. */
export interface Revoked {
  readonly tokens: readonly string[];
  readonly clients: readonly string[];
}

/** Characters of a digest that may stand for a token; lists show 12. Fewer are a slip of the hand. */
const MIN_PREFIX = 8;

/** @param now Unix time in milliseconds */
export function listEntries(folder: string, now: number): Listed {
  const damaged: string[] = [];
  const tokens = namesIn(folder, 'tokens', '.json').flatMap((digest): ListedToken[] => {
    const files = tokenFiles(folder, digest);
    const entry = /^[0-9a-f]{64}$/.test(digest) ? readEntry(files.token, tokenEntry) : undefined;
    if (entry === undefined) {
      damaged.push(`tokens/${digest}.json`);
      return [];
    }
    const usedBy = readEntry(files.used, usedEntry)?.key;
    if (usedBy === undefined && existsSync(files.used)) damaged.push(`tokens/${digest}.used`);
    const over = entry.expiresAt !== undefined && now >= Date.parse(entry.expiresAt);
    const state = existsSync(files.used) ? 'used' : over ? 'expired' : 'open';
    return [{ digest, ...entry, state, usedBy }];
  });
  const clients = namesIn(folder, 'clients', '.json').flatMap((key) => {
    const entry = isKey(key) ? readEntry(clientFile(folder, key), clientEntry) : undefined;
    if (entry?.key === key) return [entry];
    damaged.push(`clients/${key}.json`);
    return [];
  });
  return { tokens, clients, damaged };
}

/** @throws FedtempoError ENROLMENT_INVALID if nothing is named so, or more than one digest begins so */
export function revokeEntries(folder: string, { tokens, clients }: Listed, who: string): Revoked {
  const digests = new Set(tokensNamed(tokens, who));
  const keys = new Set(clients.filter(({ key, name }) => key === who || name === who).map(({ key }) => key));
  // A damaged entry cannot be listed, but a key names its file all the same.
  if (isKey(who) && existsSync(clientFile(folder, who))) keys.add(who);
  for (const { digest, usedBy } of tokens) if (usedBy !== undefined && keys.has(usedBy)) digests.add(digest);
  if (digests.size + keys.size === 0) {
    throw new FedtempoError('ENROLMENT_INVALID', 'nobody is enrolled by that name, key or token', {
      where: folder,
      found: JSON.stringify(who.slice(0, 100)),
      expected: `a name, a public key, a token or at least ${MIN_PREFIX} characters of its digest`,
      fix: 'see them all with fedtempo enroll --list',
    });
  }
  // Tokens first, and only then who came by them: nobody can come by one that is gone.
  for (const digest of digests) {
    const { token, used } = tokenFiles(folder, digest);
    removeDurably(token);
    const usedBy = readEntry(used, usedEntry)?.key;
    if (usedBy !== undefined && existsSync(clientFile(folder, usedBy))) keys.add(usedBy);
    removeDurably(used);
  }
  for (const key of keys) removeDurably(clientFile(folder, key));
  return { tokens: [...digests], clients: [...keys] };
}

function tokensNamed(tokens: readonly ListedToken[], who: string): string[] {
  const digest = tokenDigest(who);
  const named = tokens.filter((token) => token.name === who || token.digest === digest);
  if (named.length > 0) return named.map((token) => token.digest);
  if (who.length < MIN_PREFIX || !/^[0-9a-f]+$/.test(who)) return [];
  const begun = tokens.filter((token) => token.digest.startsWith(who));
  if (begun.length > 1) {
    throw new FedtempoError('ENROLMENT_INVALID', 'more than one token is named so', {
      found: `${begun.length} digests that begin with ${who}`,
      expected: 'one',
      fix: 'give more characters of it',
    });
  }
  return begun.map((token) => token.digest);
}

/** Names of files with this ending, without it; sorted. Files that are still being written end otherwise. */
function namesIn(folder: string, part: 'tokens' | 'clients', ending: string): string[] {
  return withEnding(readdirSync(join(folder, part)), ending).sort();
}

/** The keys that have a file, without a look at what is in it. */
export async function keysIn(folder: string): Promise<ReadonlySet<string>> {
  return new Set(withEnding(await readdir(join(folder, 'clients')), '.json'));
}

function withEnding(names: readonly string[], ending: string): string[] {
  return names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
}
