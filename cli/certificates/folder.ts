/** The folder of a development authority: `ca.pem`, `ca-key.pem`, `server.pem`, `server-key.pem`. Keys are 0600. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import type { Pair } from './issue.js';

export type Name = 'ca' | 'server';

export const pathsOf = (folder: string, name: Name) => ({
  cert: join(folder, `${name}.pem`),
  key: join(folder, `${name}-key.pem`),
});

/** The authority that is there, or undefined where there is none. @throws FedtempoError TLS_INVALID */
export function readAuthority(folder: string): Pair | undefined {
  const paths = pathsOf(folder, 'ca');
  const there = [paths.cert, paths.key].filter((path) => existsSync(path));
  if (there.length === 0) return undefined;
  const fix = 'put the missing or right file back, or begin a new authority in another folder with --out';
  const unusable = (found: string) =>
    new FedtempoError('TLS_INVALID', 'the authority in the folder cannot be used', {
      where: folder,
      found,
      expected: 'ca.pem and ca-key.pem that belong together, made by fedtempo certs',
      fix,
    });
  if (there.length === 1) throw unusable(`${there[0]} alone`);
  const pair = read(paths, unusable);
  const certificate = parse(pair, unusable);
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw unusable(`an authority that expired on ${new Date(certificate.validTo).toISOString().slice(0, 10)}`);
  }
  return pair;
}

/** @throws FedtempoError OUTPUT_UNWRITABLE */
export function writePair(folder: string, name: Name, pair: Pair): void {
  const { cert, key } = pathsOf(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    replace(key, pair.key, 0o600);
    replace(cert, pair.cert, 0o644);
  } catch (error) {
    throw new FedtempoError('OUTPUT_UNWRITABLE', 'the certificates cannot be written', {
      where: folder,
      found: messageOf(error),
      expected: 'a folder that may be written to',
      fix: 'choose another with --out',
    });
  }
}

/** A file that was there may be open to others: the new one is made beside it, and takes its place. */
function replace(path: string, text: string, mode: number): void {
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  writeFileSync(beside, text, { mode, flag: 'wx' });
  renameSync(beside, path);
}

function read(paths: { cert: string; key: string }, unusable: (found: string) => FedtempoError): Pair {
  try {
    return { cert: readFileSync(paths.cert, 'utf8'), key: readFileSync(paths.key, 'utf8') };
  } catch (error) {
    throw unusable(messageOf(error));
  }
}

function parse({ cert, key }: Pair, unusable: (found: string) => FedtempoError): X509Certificate {
  let certificate: X509Certificate;
  let privateKey: KeyObject;
  try {
    certificate = new X509Certificate(cert);
    privateKey = createPrivateKey(key);
  } catch (error) {
    throw unusable(messageOf(error));
  }
  if (!certificate.checkPrivateKey(privateKey)) throw unusable('a key of another certificate');
  const { asymmetricKeyDetails } = privateKey;
  if (!certificate.ca || asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw unusable('no authority on P-256');
  return certificate;
}
