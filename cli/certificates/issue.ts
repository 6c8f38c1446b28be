/**
 * X.509 certificates for development: an authority, and what it signs for a coordinator. ECDSA on P-256, the profile of
 * RFC 5280 that every TLS library accepts. Loaded by the one command that needs it.
 */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A certificate and its private key (PKCS #8), both PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** An authority that signs itself, and nothing below it may be one. */
export async function makeAuthority(name: string, { from, to }: Validity): Promise<Pair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    notBefore: from,
    notAfter: to,
    signingAlgorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: pemOfKey(keys.privateKey) };
}

/** @param hosts host names and addresses that the certificate is for; at least one */
export async function issueServer(authority: Pair, hosts: readonly string[], { from, to }: Validity): Promise<Pair> {
  const keys = await generateKeys();
  const issuer = new X509Certificate(authority.cert);
  const names = hosts.map((value): JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // Names are taken from the extension; what stands here is for people.
    subject: 'CN=fedtempo coordinator',
    issuer: issuer.subject,
    notBefore: from,
    notAfter: to,
    signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(await publicKeyOf(authority.cert)),
    ],
  });
  return { cert: pem(certificate), key: pemOfKey(keys.privateKey) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
}

function importKey(text: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(text).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, curve, false, ['sign']);
}

function publicKeyOf(cert: string): Promise<webcrypto.CryptoKey> {
  const der = createPublicKey(cert).export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', der, curve, true, ['verify']);
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

function pemOfKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Positive, and of enough random bits that no two certificates share one. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return bytes.toString('hex');
}
