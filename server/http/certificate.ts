/**
 * The coordinator's certificate and key, checked as it starts: what is wrong with them is said here, once, rather than by
 * every client that fails to connect.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { FedtempoError, messageOf } from '../../shared/errors.js';

/** PEM texts: the certificate, with those between it and the authority behind it, and its private key. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

/** What `https` needs. @throws FedtempoError TLS_INVALID */
export function checkedTls({ cert, key }: CertificateAndKey, now = Date.now()): SecureContextOptions {
  const certificate = readCertificate(cert);
  const privateKey = readKey(key);
  const [from, to] = [certificate.validFrom, certificate.validTo].map((text) => new Date(text));
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (now > to.getTime()) {
    throw new FedtempoError('TLS_INVALID', 'the certificate has expired', {
      found: `valid until ${day(to)}`,
      expected: `a certificate that is valid today, ${day(new Date(now))}`,
      fix: 'renew it; for a development authority: fedtempo certs',
    });
  }
  if (now < from.getTime()) {
    throw new FedtempoError('TLS_INVALID', 'the certificate is not valid yet', {
      found: `valid from ${day(from)}`,
      expected: `a certificate that is valid today, ${day(new Date(now))}`,
      fix: 'check the clock of this machine, or the certificate',
    });
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new FedtempoError('TLS_INVALID', 'the private key does not belong to the certificate', {
      found: `the key of another certificate than ${certificate.subject.replaceAll('\n', ', ')}`,
      expected: 'the key that the certificate was made with',
      fix: 'check that --tls-cert and --tls-key name files of the same pair, and that the server certificate stands first',
    });
  }
  const options = { cert, key, minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw unusable('certificate or key', messageOf(error));
  }
  return options;
}

function readCertificate(text: string): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw unusable('certificate', kindOf(text));
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw unusable('certificate', messageOf(error));
  }
}

function readKey(text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text))
    throw unusable('private key', 'a key under a passphrase');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw unusable('private key', kindOf(text));
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw unusable('private key', messageOf(error));
  }
}

/** What a text is, in words that show nothing of it: it may be a key. */
function kindOf(text: string): string {
  const [, label] = text.match(/-----BEGIN ([A-Z0-9 ]{1,40})-----/) ?? [];
  if (label !== undefined) return `a PEM file with a ${label.toLowerCase()}`;
  return text.trim() === '' ? 'an empty file' : 'no PEM text';
}

function unusable(what: string, found: string): FedtempoError {
  const label = what === 'private key' ? 'PRIVATE KEY' : 'CERTIFICATE';
  return new FedtempoError('TLS_INVALID', `the ${what} cannot be used`, {
    found,
    expected: `a PEM file with -----BEGIN ${label}-----, without a passphrase`,
    fix: 'check which file the option names; fedtempo certs makes both',
  });
}
