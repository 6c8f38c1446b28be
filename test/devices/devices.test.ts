import fc from 'fast-check';
import { devicesSchema } from 'fedtempo/shared/devices/device-spec.js';
import { createDevices } from 'fedtempo/shared/devices/devices.js';
import { expect, test } from 'vitest';

const fast = { name: 'fast', share: 3, examplesPerSecond: 1000, downloadMbps: 100, uploadMbps: 50 };
const slow = {
  name: 'slow',
  share: 1,
  examplesPerSecond: { kind: 'logNormal', median: 50, sigma: 1 },
  downloadMbps: { kind: 'uniform', from: 1, to: 5 },
  uploadMbps: { kind: 'exponential', mean: 2 },
  failureRate: 0.25,
  availability: { from: 22, to: 6, spreadHours: 2 },
};
const devicesOf = (spec: unknown, seed = 4) => createDevices(devicesSchema.parse(spec), seed);
const clients = Array.from({ length: 4000 }, (_, client) => client);

test('classes have their shares of the clients', () => {
  const devices = devicesOf({ classes: [fast, slow] });
  const share = clients.filter((client) => devices.deviceOf(client).name === 'fast').length / clients.length;
  // Five standard errors of a share of 3/4.
  expect(Math.abs(share - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / clients.length));
});

test('neither the order of the classes nor the scale of their shares matters', () => {
  const spec = { classes: [fast, slow] };
  const turned = {
    classes: [
      { ...slow, share: 0.25 },
      { ...fast, share: 0.75 },
    ],
  };
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (seed, client) => {
      expect(devicesOf(turned, seed).deviceOf(client)).toEqual(devicesOf(spec, seed).deviceOf(client));
    }),
  );
});

test('what is left out has its fallback, and a device is a pure function of the seed and the client', () => {
  const devices = devicesOf({ classes: [fast] });
  expect(devices.deviceOf(8)).toEqual({
    name: 'fast',
    examplesPerSecond: 1000,
    downloadMbps: 100,
    uploadMbps: 50,
    latencyMs: 0,
    jitter: 0,
    failureRate: 0,
    computeWatts: 0,
    radioWatts: 0,
  });
  const drawn = devicesOf({ classes: [slow] });
  drawn.deviceOf(7);
  expect(drawn.deviceOf(3)).toEqual(devicesOf({ classes: [slow] }).deviceOf(3));
  expect(drawn.deviceOf(3)).not.toEqual(drawn.deviceOf(4));
  expect(drawn.deviceOf(3)).not.toEqual(devicesOf({ classes: [slow] }, 5).deviceOf(3));
});

test('another distribution of one quantity leaves the draws of the others as they are', () => {
  const changed = { ...slow, examplesPerSecond: { kind: 'normal', mean: 60, stddev: 20 } };
  const [a, b] = [devicesOf({ classes: [slow] }), devicesOf({ classes: [changed] })];
  for (const client of clients.slice(0, 50)) {
    const { examplesPerSecond: one, ...rest } = a.deviceOf(client);
    const { examplesPerSecond: other, ...others } = b.deviceOf(client);
    expect(others).toEqual(rest);
    expect(other).not.toBe(one);
  }
});

test('what a distribution draws beyond the admitted range is moved to its edge', () => {
  const spec = { ...fast, failureRate: { kind: 'exponential', mean: 1000 } };
  const rates = clients.map((client) => devicesOf({ classes: [spec] }).deviceOf(client).failureRate);
  expect(Math.max(...rates)).toBe(1);
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
});

const hours = (devices: ReturnType<typeof devicesOf>, client: number, step = 0.25) =>
  Array.from({ length: 24 / step }, (_, index) => index * step).filter((hour) =>
    devices.availabilityOf(client)(hour * 3600),
  );

test('a window of the day may go past midnight, every day alike', () => {
  const devices = devicesOf({ classes: [{ ...fast, availability: { from: 22, to: 6 } }] });
  expect(hours(devices, 0, 1)).toEqual([0, 1, 2, 3, 4, 5, 22, 23]);
  const available = devices.availabilityOf(0);
  expect([86_400 * 3 + 3600, 86_400 * 3 + 6 * 3600, 86_400 * 3 + 22 * 3600].map(available)).toEqual([
    true,
    false,
    true,
  ]);
  expect(devices.alwaysAvailable).toBe(false);
});

test('windows are spread by up to half of spreadHours either way, and keep their length', () => {
  const devices = devicesOf({ classes: [{ ...fast, availability: { from: 10, to: 14, spreadHours: 4 } }] });
  const all = clients.slice(0, 300).map((client) => hours(devices, client));
  for (const open of all) {
    expect(open.length).toBe(16);
    expect(open[0]).toBeGreaterThanOrEqual(8);
    expect(open[0]).toBeLessThanOrEqual(12.25);
  }
  expect(Math.min(...all.map(([first]) => first))).toBeLessThan(8.5);
  expect(Math.max(...all.map(([first]) => first))).toBeGreaterThan(11.5);
});

test('a probability of availability holds for each client and hour anew', () => {
  const devices = devicesOf({ classes: [{ ...fast, availability: 0.2 }] });
  const share = clients.filter((client) => devices.availabilityOf(client)(5 * 3600)).length / clients.length;
  expect(Math.abs(share - 0.2)).toBeLessThan(5 * Math.sqrt(0.16 / clients.length));
  const available = devices.availabilityOf(3);
  expect(available(3600)).toBe(available(7199));
  const later = Array.from({ length: 100 }, (_, hour) => available(hour * 3600)).filter(Boolean).length;
  expect(later).toBeGreaterThan(5);
  expect(later).toBeLessThan(40);
});

const csv = `name,examplesPerSecond,downloadMbps,uploadMbps,latencyMs,available
pixel,400,20,5,40,22-6
bench , 2000,100, 100,1,

old,50,2,0.5,120,0-7;12.5-13.5
`;

test('a trace gives client c its line c modulo their number', () => {
  const devices = devicesOf({ trace: { csv } });
  expect([0, 1, 2, 3, 5].map((client) => devices.deviceOf(client).name)).toEqual([
    'pixel',
    'bench',
    'old',
    'pixel',
    'old',
  ]);
  expect(devices.deviceOf(2)).toMatchObject({ examplesPerSecond: 50, uploadMbps: 0.5, latencyMs: 120, failureRate: 0 });
  expect(hours(devices, 2, 0.5)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 12.5, 13]);
  expect(hours(devices, 1, 1)).toHaveLength(24);
});

test.each([
  ['an unknown column', csv.replace('latencyMs', 'latency'), '"latency"'],
  ['a column twice', csv.replace('latencyMs', 'uploadMbps'), '"uploadMbps"'],
  ['a column that is missing', 'downloadMbps,uploadMbps\n1,1\n', 'downloadMbps, uploadMbps'],
  ['a line that is too short', csv.replace(',1,\n', '\n'), '4 in line 3'],
  ['a cell that is no number', csv.replace('2000', 'fast'), '"fast" in line 3'],
  ['a speed of 0', csv.replace('2000', '0'), '"0" in line 3'],
  ['a window that is none', csv.replace('22-6', '22-30'), '"22-30" in line 2'],
  ['no devices', 'examplesPerSecond,downloadMbps,uploadMbps\n', 'no lines'],
])('a trace with %s is refused', (_, text, found) => {
  expect(() => devicesOf({ trace: { csv: text } })).toThrow(
    expect.objectContaining({
      code: 'DEVICES_INVALID',
      details: expect.objectContaining({ found, where: 'devices.trace' }),
    }),
  );
});
