/** Every way in which a secure connection fails, with what was found, what was expected and the way out. */
import { FedtempoError } from '../../shared/errors.js';

const summary = 'no secure connection to the coordinator';
const failed = (url: string, found: string, expected: string, fix: string) =>
  new FedtempoError('TLS_FAILED', summary, { where: url, found, expected, fix });
const today = () => new Date().toISOString().slice(0, 10);
const day = (text: string) => new Date(text).toISOString().slice(0, 10);

export const expired = (url: string, to: string) =>
  failed(
    url,
    `a certificate that expired on ${day(to)}`,
    `one that is valid today, ${today()}`,
    "renew the coordinator's certificate (fedtempo certs makes a new one under the same authority); if it is valid, check the clock of this machine",
  );

export const notYetValid = (url: string, from: string) =>
  failed(
    url,
    `a certificate that is not valid before ${new Date(from).toISOString()}`,
    `one that is valid now, ${new Date().toISOString()}`,
    'check the clocks of both machines',
  );

export const wrongName = (url: string, names: string) =>
  failed(
    url,
    `a certificate for ${names}`,
    `one for ${hostOf(url)}`,
    `connect by a name that the certificate has, or make one with --host ${hostOf(url)}`,
  );

export const wrongPin = (url: string, found: string, pins: readonly string[]) =>
  failed(
    url,
    `a certificate with the key ${found}`,
    pins.join(' or '),
    'if the coordinator has a new key, take its fingerprint from its operator by another way than this connection; if it has not, somebody else answers',
  );

export const unknownAuthority = (url: string, selfSigned: boolean, pin?: string) =>
  failed(
    url,
    `a certificate that ${selfSigned ? 'it signed itself, or whose authority did' : 'no authority known here has signed'}${pin === undefined ? '' : `, with the key ${pin}`}`,
    'one signed by an authority that this machine trusts, or by the one given with --ca',
    "give the authority's certificate with --ca ca.pem, or the key's fingerprint, from the operator, as a pin",
  );

export const noCertificate = (url: string) =>
  failed(url, 'a peer that shows no certificate', "the coordinator's certificate", 'check host and port');

export const tlsOnPlain = (url: string) =>
  failed(
    url,
    'an answer that is not TLS: this port speaks plain text',
    'a port that speaks TLS',
    `check the port; a coordinator without TLS, on this machine alone, is at ${url.replace(/^wss:/, 'ws:')}`,
  );

export const plainOnTls = (url: string) =>
  failed(
    url,
    'a port that speaks TLS',
    'plain text, which is what ws:// asks for',
    `connect to ${url.replace(/^ws:/, 'wss:')}`,
  );

export const handshakeTimeout = (url: string, ms: number) =>
  failed(
    url,
    `a port that accepts connections and completes no TLS handshake within ${ms} ms`,
    'a TLS handshake',
    'check host and port; something between the machines may hold TLS back',
  );

export const otherFailure = (url: string, found: string) =>
  failed(
    url,
    `the TLS handshake failed: ${found}`,
    'a peer that speaks TLS 1.2 or 1.3',
    'check that the port is that of the coordinator',
  );

const selfSignedCodes = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'];
const authorityCodes = [
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'CERT_SIGNATURE_FAILURE',
];

/** What OpenSSL or Node say of a chain or a name. @param names the certificate's, as `DNS:a, IP Address:b` */
export function authorityFailed(url: string, code: string, names?: string, pin?: string): FedtempoError {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(url, names ?? 'no name at all');
  if (selfSignedCodes.includes(code)) return unknownAuthority(url, true, pin);
  if (authorityCodes.includes(code)) return unknownAuthority(url, false, pin);
  const [found, fix] =
    code === 'CERT_HAS_EXPIRED'
      ? ['a certificate whose authority has expired', "renew the authority and the coordinator's certificate"]
      : [`a certificate that does not hold: ${code}`, "have the coordinator's certificate made anew"];
  return failed(url, found, 'a chain of valid certificates up to a trusted authority', fix);
}

export function isCertificateCode(code: string): boolean {
  return /^CERT_|^ERR_TLS_CERT/.test(code) || selfSignedCodes.includes(code) || authorityCodes.includes(code);
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
