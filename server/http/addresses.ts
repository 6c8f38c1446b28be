/**
 * Whose connection is it? Behind a reverse proxy every socket comes from the proxy, which names the client's address in
 * X-Forwarded-For. Anybody can send that header, so it is believed of the proxies that the operator has named, and of
 * nobody else.
 */
import { BlockList, isIP } from 'node:net';
import { FedtempoError } from '../../shared/errors.js';

export interface EffectiveAddress {
  readonly address: string;
  /** Whether a trusted proxy named it. */
  readonly forwarded: boolean;
}

/** A set of addresses and CIDR ranges. @throws FedtempoError LIMIT_INVALID */
export function addressSet(entries: readonly string[]): (address: string) => boolean {
  // The usual one; looking into an empty list costs a tenth of a handshake.
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) {
    const [address, bits] = entry.split('/');
    const family = familyOf(address);
    const most = family === 'ipv4' ? 32 : 128;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (isIP(address) === 0 || !(prefix <= most) || entry.split('/').length > 2) {
      throw new FedtempoError('LIMIT_INVALID', 'a trusted proxy is no address', {
        found: entry,
        expected: 'an address or a range, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8',
        fix: 'name the addresses of the proxies, not their host names',
      });
    }
    list.addSubnet(address, prefix, family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** The address as others write it: an IPv4 address that arrived on an IPv6 socket is an IPv4 address. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
}

/**
 * The client's address: from the right of X-Forwarded-For, the first that is not itself a trusted proxy; each proxy
 * appends the peer that it saw, so what stands further left is what the client claims. Undefined if it is no address.
 */
export function effectiveAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: (address: string) => boolean,
): EffectiveAddress | undefined {
  if (forwardedFor === undefined || !trusted(peer)) return { address: peer, forwarded: false };
  const named = forwardedFor.split(',').map((part) => plainAddress(part.trim()));
  for (const address of named.reverse()) {
    if (isIP(address) === 0) return undefined;
    if (!trusted(address)) return { address, forwarded: true };
  }
  return { address: named[named.length - 1], forwarded: true };
}

/** What is counted as one address: an IPv6 host has a whole /64 to itself, so its first 64 bits. */
export function countedAs(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left, right] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = right === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...(right ?? [])].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
