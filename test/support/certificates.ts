/** Certificates as tests want them: real ones, some of them no longer or not yet valid, or for another name. */
import 'reflect-metadata';
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { issueServer, makeAuthority, type Pair } from 'fedtempo/cli/certificates/issue.js';
import { pinOf } from 'fedtempo/client/secure/pin.js';

const HOUR_MS = 3_600_000;

/** From `from` hours to `to` hours from now. */
const hours = (from: number, to: number) => ({
  from: new Date(Date.now() + from * HOUR_MS),
  to: new Date(Date.now() + to * HOUR_MS),
});

export interface Certificates {
  readonly authority: Pair;
  readonly good: Pair;
  readonly expired: Pair;
  readonly notYetValid: Pair;
  readonly wrongName: Pair;
  /** Of an authority that nobody was told of. */
  readonly unknown: Pair;
  /** Of no authority but its own key. */
  readonly selfSigned: Pair;
}

export async function makeCertificates(): Promise<Certificates> {
  const authority = await makeAuthority('test authority', hours(-100, 100));
  const other = await makeAuthority('another authority', hours(-100, 100));
  const here = ['localhost', '127.0.0.1'];
  return {
    authority,
    good: await issueServer(authority, here, hours(-1, 50)),
    expired: await issueServer(authority, here, hours(-50, -1)),
    notYetValid: await issueServer(authority, here, hours(1, 50)),
    wrongName: await issueServer(authority, ['fed.example', '192.0.2.7'], hours(-1, 50)),
    unknown: await issueServer(other, here, hours(-1, 50)),
    selfSigned: await signItself(here),
  };
}

export const pinIn = ({ cert }: Pair) => pinOf(new X509Certificate(cert));

async function signItself(hosts: readonly string[]): Promise<Pair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { from, to } = hours(-1, 50);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=alone',
    notBefore: from,
    notAfter: to,
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value })))],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string;
  return { cert: certificate.toString('pem'), key };
}
