import fc from 'fast-check';
import { devicesSchema } from 'fedtempo/shared/devices/device-spec.js';
import { createDevices, type Devices } from 'fedtempo/shared/devices/devices.js';
import { nextQuarter, overSelected, selectAvailable, selectNow } from 'fedtempo/shared/devices/select.js';
import { sampleUniform } from 'fedtempo/shared/federation/sampler/uniform.js';
import { expect, test } from 'vitest';

const devicesWith = (availability?: unknown) =>
  createDevices(
    devicesSchema.parse({
      classes: [{ name: 'phone', examplesPerSecond: 100, downloadMbps: 10, uploadMbps: 10, availability }],
    }),
    2,
  );
const HOUR = 3600;

test('if everyone is available, the cohort is the one of the uniform sampler', () => {
  const devices = devicesWith();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat(), fc.nat(1000), (population, pick, seed, round) => {
      const size = 1 + (pick % population);
      expect(selectAvailable(devices, { population, size, seed, round, time: 77 })).toEqual({
        clients: sampleUniform(population, size, seed, round),
        time: 77,
      });
    }),
  );
});

test('only those that are available and not excluded are selected, each equally often', () => {
  const devices = devicesWith({ from: 8, to: 12, spreadHours: 8 });
  const time = 9 * HOUR;
  const excluded = new Set([3, 11]);
  const open = Array.from({ length: 40 }, (_, client) => client).filter(
    (client) => devices.availabilityOf(client)(time) && !excluded.has(client),
  );
  expect(open.length).toBeGreaterThan(10);
  expect(open.length).toBeLessThan(38);
  const counts = new Map(open.map((client) => [client, 0]));
  for (let round = 0; round < 2000; round++) {
    const { clients, scarce } = selectNow(devices, { population: 40, size: 5, seed: 1, round, time, excluded });
    expect(scarce).toBe(false);
    for (const client of clients) counts.set(client, (counts.get(client) as number) + 1);
  }
  expect(counts.size).toBe(open.length);
  const mean = 10_000 / open.length;
  for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
});

test('if too few are available the clock goes on to the quarter of an hour in which enough are', () => {
  const devices = devicesWith({ from: 22, to: 6 });
  const night = selectAvailable(devices, { population: 50, size: 10, seed: 1, round: 4, time: 12 * HOUR + 60 });
  expect(night).toEqual({ clients: sampleUniform(50, 10, 1, 4), time: 22 * HOUR });
  const now = { population: 50, size: 10, seed: 1, round: 4, time: 12 * HOUR };
  expect(selectNow(devices, now)).toEqual({ clients: [], scarce: true, time: 12 * HOUR });
});

test('if there are never enough, the largest cohort of a day is taken, at the first moment that has it', () => {
  const spread = devicesWith({ from: 8, to: 9, spreadHours: 24 });
  const { clients, time } = selectAvailable(spread, { population: 60, size: 50, seed: 1, round: 0, time: 0 });
  const open = (at: number) =>
    Array.from({ length: 60 }, (_, client) => client).filter((client) => spread.availabilityOf(client)(at));
  const counts = Array.from({ length: 97 }, (_, quarter) => open(quarter * 900).length);
  expect(clients).toEqual(open(time));
  expect(clients.length).toBe(Math.max(...counts));
  expect(time).toBe(900 * counts.indexOf(Math.max(...counts)));
});

test('nobody is selected if nobody is ever available', () => {
  const never: Devices = { ...devicesWith(0.5), availabilityOf: () => () => false };
  expect(selectAvailable(never, { population: 9, size: 3, seed: 1, round: 0, time: 40 })).toEqual({
    clients: [],
    time: 40,
  });
});

test('a cohort of a hundred among a million clients, a third of them available, looks at a few hundred', () => {
  let asked = 0;
  const devices = devicesWith({ from: 0, to: 8 });
  const counting: Devices = {
    ...devices,
    availabilityOf: (client) => {
      asked += 1;
      return client % 3 === 0 ? devices.availabilityOf(client) : () => false;
    },
  };
  const { clients } = selectAvailable(counting, { population: 1_000_000, size: 100, seed: 1, round: 0, time: HOUR });
  expect(clients).toHaveLength(100);
  expect(asked).toBeLessThan(500);
});

test('over-selection is meant in decimals', () => {
  expect([overSelected(10, 1.1), overSelected(10, 1.3), overSelected(7, 1.5), overSelected(10, 1)]).toEqual([
    11, 13, 11, 10,
  ]);
  expect([nextQuarter(0), nextQuarter(899.5), nextQuarter(900)]).toEqual([900, 900, 1800]);
});
