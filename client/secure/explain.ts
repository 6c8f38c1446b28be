/**
 * What went wrong with a connection: a matter of TLS that a person has to mend, or one of the network, which may be gone
 * when the client comes again.
 */
import { FedtempoError } from '../../shared/errors.js';
import { authorityFailed, isCertificateCode, otherFailure, plainOnTls, tlsOnPlain } from './failures.js';

interface TlsFailure extends Error {
  readonly code?: string;
  /** OpenSSL's words, of its own list. */
  readonly reason?: string;
  /** Of Node's check of names. */
  readonly cert?: { readonly subjectaltname?: string };
  /** Of Node's HTTP parser: what it could not parse. */
  readonly rawPacket?: Uint8Array;
}

/** The content type of a TLS alert: what a TLS server answers to plain text. */
const TLS_ALERT = 0x15;

/** TLS_FAILED, or whatever FedtempoError it is already; undefined where another attempt may help. */
export function explain(error: unknown, url: string): FedtempoError | undefined {
  if (error instanceof FedtempoError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code = '', message, reason, cert, rawPacket } = error as TlsFailure;
  if (code.startsWith('HPE_')) return rawPacket?.[0] === TLS_ALERT ? plainOnTls(url) : undefined;
  if (isCertificateCode(code)) return authorityFailed(url, code, cert?.subjectaltname);
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return undefined;
  // A plain answer, read as a TLS record, has an impossible version or length.
  if (/wrong version number|packet length too long|record layer|http request/i.test(`${reason} ${message}`)) {
    return tlsOnPlain(url);
  }
  return otherFailure(url, reason ?? code);
}

/** A TLS port's answer to plain HTTP: ours, nginx's, Go's. */
export function saysSpeakTls(status: number, body: string): boolean {
  return status === 400 && /this port speaks TLS|HTTP request (was sent )?to (an )?HTTPS/i.test(body);
}
