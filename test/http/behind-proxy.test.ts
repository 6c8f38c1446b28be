/** Behind a proxy: the path prefix, whose connection it is, and what is counted as one address. */
import { addressSet, countedAs, effectiveAddress } from 'fedtempo/server/http/addresses.js';
import { FedtempoError } from 'fedtempo/shared/errors.js';
import { expect, test } from 'vitest';
import { ask, head, testDoor, upgradeFields } from '../support/door.js';

const upgrade = (target = '/', fields: Record<string, string> = {}) => head(target, { ...upgradeFields, ...fields });

test('behind a prefix, requests elsewhere are not found', async () => {
  const { door } = await testDoor({ prefix: '/fedtempo' });
  expect(door.url).toBe(`ws://127.0.0.1:${door.port}/fedtempo`);
  const found = async (target: string) => {
    const { status, body } = await ask(door.port, head(target));
    return status === 200 ? (JSON.parse(body) as { path: string }).path : status;
  };
  expect(await found('/fedtempo')).toBe('/');
  expect(await found('/fedtempo?a=b')).toBe('/');
  expect(await found('/fedtempo/metrics')).toBe('/metrics');
  expect(await found('/')).toBe(404);
  expect(await found('/fedtempo2')).toBe(404);
  expect(await found('/metrics')).toBe(404);
  expect((await ask(door.port, upgrade('/'))).status).toBe(404);
  expect((await ask(door.port, upgrade('/fedtempo'))).status).toBe(101);
});

test('X-Forwarded-For is believed of trusted proxies alone', async () => {
  const { door } = await testDoor({ trustedProxies: ['127.0.0.2', '10.0.0.0/8'] });
  const seen = async (forwarded: string, from: string) => {
    const fields = { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'https' };
    const { status, body } = await ask(door.port, head('/', fields), from);
    if (status !== 200) return status;
    const { address, forwarded: named, secure } = JSON.parse(body);
    return [address, named, secure];
  };
  expect(await seen('192.0.2.9', '127.0.0.1')).toEqual(['127.0.0.1', false, false]);
  expect(await seen('192.0.2.9', '127.0.0.2')).toEqual(['192.0.2.9', true, true]);
  // The client wrote the first itself; the proxies appended what they saw.
  expect(await seen('198.51.100.1, 192.0.2.9, 10.1.2.3', '127.0.0.2')).toEqual(['192.0.2.9', true, true]);
  expect(await seen('unknown', '127.0.0.2')).toBe(400);
  expect(await seen('<script>, 192.0.2.9', '127.0.0.2')).toEqual(['192.0.2.9', true, true]);
  expect(await seen('::ffff:192.0.2.9', '127.0.0.2')).toEqual(['192.0.2.9', true, true]);
});

test('behind a trusted proxy the limit is for the address that it names', async () => {
  const { door } = await testDoor({ trustedProxies: ['127.0.0.1'], limits: { connectionsPerAddress: 2 } });
  const from = (address: string) => ask(door.port, upgrade('/', { 'x-forwarded-for': address }));
  const statuses = async (addresses: string[]) => {
    const found: number[] = [];
    for (const address of addresses) found.push((await from(address)).status);
    return found;
  };
  expect(await statuses(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'])).toEqual([101, 101, 429, 101]);
  expect(await statuses(['2001:db8::1', '2001:db8:0:0:ffff::', '2001:db8::3', '2001:db8:0:1::'])).toEqual([
    101, 101, 429, 101,
  ]);
});

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/', '::/129', '1.2.3.4/8/8', ''])(
  'the trusted proxy "%s" is refused',
  async (entry) => {
    expect(() => addressSet([entry])).toThrow(FedtempoError);
    await expect(testDoor({ trustedProxies: [entry] })).rejects.toMatchObject({ code: 'LIMIT_INVALID' });
  },
);

test('addresses: ranges, mapped ones, and the network that is counted as one', () => {
  const trusted = addressSet(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);
  expect(['10.255.0.1', 'fd12::1', '192.0.2.7', '11.0.0.1', 'fe80::1', 'x', ''].map(trusted)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(effectiveAddress('10.0.0.1', '10.0.0.2, 10.0.0.3', trusted)).toEqual({ address: '10.0.0.2', forwarded: true });
  expect(effectiveAddress('10.0.0.1', undefined, trusted)).toEqual({ address: '10.0.0.1', forwarded: false });
  expect(countedAs('192.0.2.7')).toBe('192.0.2.7');
  expect(countedAs('2001:DB8::5')).toBe('2001:db8:0:0::/64');
  expect(countedAs('2001:db8:0:0:1:2:3:4')).toBe('2001:db8:0:0::/64');
  expect(countedAs('::1')).toBe('0:0:0:0::/64');
});
