/**
 * Is the peer of a TLS connection the coordinator that is meant? Asked when the handshake is complete and before a byte of
 * ours goes out. Without an answer of yes the connection is closed.
 */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { authorityFailed, expired, noCertificate, notYetValid, wrongPin } from './failures.js';
import { checkPins, pinOf } from './pin.js';

export interface Trust {
  /** PEM text of the authorities to believe; undefined: those that Node ships. */
  readonly ca?: string | undefined;
  /**
   * Keys of which the peer must have one. Without `ca` the pin alone is the trust: any authority and name will do, since
   * nobody else has that key.
   */
  readonly pins?: readonly string[] | undefined;
}

/** @throws FedtempoError TLS_INVALID */
export function checkTrust({ ca, pins = [] }: Trust): void {
  checkPins(pins);
  if (ca === undefined) return;
  const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  let found = blocks.length === 0 ? 'no -----BEGIN CERTIFICATE-----' : undefined;
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    found = messageOf(error);
  }
  if (found === undefined) return;
  throw new FedtempoError('TLS_INVALID', "the authority's certificate cannot be used", {
    found,
    expected: 'a PEM file with one or more certificates',
    fix: 'give --ca the ca.pem that fedtempo certs wrote, or that of your own authority',
  });
}

/** Why the peer is not trusted; undefined if it is. The socket is one that was connected with `rejectUnauthorized: false`. */
export function verify(socket: TLSSocket, url: string, { ca, pins = [] }: Trust): FedtempoError | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return noCertificate(url);
  const now = Date.now();
  if (now > Date.parse(certificate.validTo)) return expired(url, certificate.validTo);
  if (now < Date.parse(certificate.validFrom)) return notYetValid(url, certificate.validFrom);
  if (pins.length > 0) {
    const pin = pinOf(certificate);
    if (!pins.includes(pin)) return wrongPin(url, pin, pins);
    if (ca === undefined) return undefined;
  }
  if (socket.authorized) return undefined;
  // Node says it in a text, whatever its types say.
  const code = String(socket.authorizationError);
  return authorityFailed(url, code, certificate.subjectAltName, pinOf(certificate));
}
