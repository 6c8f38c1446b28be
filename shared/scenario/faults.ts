/** The faults of a scenario, with the classes of its devices where rules name them. */
import { createDevices } from '../devices/devices.js';
import { createFaults, type Faults } from '../federation/faults/faults.js';
import type { Scenario } from './scenario.js';

export function faultsOf({ faults, devices: spec, seed }: Scenario): Faults {
  if (spec?.classes === undefined) return createFaults(faults, seed);
  const devices = createDevices(spec, seed);
  return createFaults(faults, seed, (client) => devices.deviceOf(client).name);
}
