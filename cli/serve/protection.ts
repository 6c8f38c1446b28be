/** Whether a coordinator may listen where it is told to: on loopback freely, elsewhere with enrolment and TLS alone. */
import { BlockList, isIP } from 'node:net';
import { FedtempoError } from '../../shared/errors.js';

export interface Protection {
  readonly host: string;
  /** TLS at this port. A reverse proxy that does it speaks to a loopback address. */
  readonly secure: boolean;
  readonly enrolment: boolean;
  /** Spelled out by whoever started it. */
  readonly insecure: boolean;
}

/** @throws FedtempoError SERVE_UNSAFE */
export function refuseUnsafe({ host, secure, enrolment, insecure }: Protection): void {
  if (isLoopback(host) || insecure || (secure && enrolment)) return;
  const missing = [enrolment ? [] : ['enrolment'], secure ? [] : ['TLS']].flat().join(' or ');
  throw new FedtempoError('SERVE_UNSAFE', 'other machines could reach this coordinator without protection', {
    where: '--host',
    found: `${host}, without ${missing}`,
    expected: '127.0.0.1, or --enrolment and --tls-cert with --tls-key',
    fix: 'fedtempo enroll makes tokens, fedtempo certs makes certificates; --insecure serves without, to anybody who can reach it',
  });
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  if (version === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
