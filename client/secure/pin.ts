/**
 * A pin names the key of a certificate: `sha256/` and the base64 of SHA-256 over its SubjectPublicKeyInfo, as in RFC 7469.
 * It outlives a renewal that keeps the key, and needs no authority.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { FedtempoError } from '../../shared/errors.js';

export function pinOf({ publicKey }: X509Certificate): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/** @throws FedtempoError TLS_INVALID */
export function checkPins(pins: readonly string[]): void {
  for (const pin of pins) {
    const [, base64 = ''] = pin.match(/^sha256\/([A-Za-z0-9+/]{43}=)$/) ?? [];
    if (Buffer.from(base64, 'base64').length === 32) continue;
    throw new FedtempoError('TLS_INVALID', 'a fingerprint cannot be used', {
      found: pin.slice(0, 80),
      expected: "sha256/ and 44 characters of base64: SHA-256 over the certificate's public key",
      fix: "take it from the output of fedtempo certs on the coordinator's machine",
    });
  }
}
