/**
 * The devices of a population: a client's device is a pure function of the spec, the seed and the client. Nothing is
 * kept, so a million clients cost nothing until they are asked.
 *
 * Each quantity is drawn from a stream of its own, so that to change one distribution leaves the other draws as they
 * were: variants of a scenario then differ in nothing else.
 */
import { FedtempoError } from '../errors.js';
import { stream } from '../math/rng.js';
import { type Availability, always, createAvailability, insideWindows } from './availability.js';
import type { DeviceClass, DevicesSpec } from './device-spec.js';
import { type Distribution, draw } from './distribution.js';
import { admitted, type Quantities, type QuantityName, quantities, quantityNames } from './quantities.js';
import { readTrace } from './trace.js';

export interface Device extends Quantities {
  /** The name of its class, or of its line in the trace. */
  readonly name: string;
}

export interface Devices {
  deviceOf(client: number): Device;
  availabilityOf(client: number): Availability;
  /** Whether every device is available at all times. */
  readonly alwaysAvailable: boolean;
}

/** @throws FedtempoError DEVICES_INVALID for a trace that cannot be read */
export function createDevices({ classes, trace }: DevicesSpec, seed: number): Devices {
  if (classes !== undefined) return devicesOfClasses(classes, seed);
  if (trace !== undefined && typeof trace !== 'string') return devicesOfTrace(trace.csv);
  throw new FedtempoError('DEVICES_INVALID', 'a trace’s file is not read here', {
    where: 'devices.trace',
    found: String(trace),
    expected: 'the lines of the trace',
    fix: 'open the scenario from a file, so that the trace beside it can be read',
  });
}

function devicesOfClasses(classes: readonly DeviceClass[], seed: number): Devices {
  // By name, so that the order in the file does not matter.
  const sorted = [...classes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const total = sorted.reduce((sum, { share }) => sum + share, 0);
  const classOf = (client: number): DeviceClass => {
    let left = stream(seed, 'device', 0, client).uniform() * total;
    const found = sorted.find(({ share }) => {
      left -= share;
      return left < 0;
    });
    // Rounding of the sum may leave a sliver beyond the last class.
    return found ?? sorted[sorted.length - 1];
  };
  const drawn = (name: QuantityName, spec: Distribution, client: number): number =>
    admitted(name, draw(spec, stream(seed, 'device', quantities[name].slot, client)));
  return {
    deviceOf: (client) => {
      const spec = classOf(client);
      const device: { [name in QuantityName]?: number } & { name: string } = { name: spec.name };
      for (const name of quantityNames) {
        const written = spec[name];
        // A fixed number needs no stream, which would cost more than all the rest.
        device[name] = typeof written === 'number' ? written : drawn(name, written, client);
      }
      return device as Device;
    },
    availabilityOf: (client) => createAvailability(classOf(client).availability, seed, client),
    alwaysAvailable: classes.every(({ availability }) => availability === undefined || availability === 1),
  };
}

function devicesOfTrace(csv: string): Devices {
  const rows = readTrace(csv);
  const rowOf = (client: number) => rows[client % rows.length];
  return {
    deviceOf: (client) => {
      const { windows: _, ...device } = rowOf(client);
      return device;
    },
    availabilityOf: (client) => {
      const { windows } = rowOf(client);
      return windows === undefined ? always : insideWindows(windows);
    },
    alwaysAvailable: rows.every(({ windows }) => windows === undefined),
  };
}
