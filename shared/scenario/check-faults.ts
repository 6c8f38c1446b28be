/** What fault rules cannot say of a scenario. */
import { FedtempoError } from '../errors.js';
import type { ParsedScenario } from './schema.js';

/** @throws FedtempoError SCENARIO_CONTRADICTION; `where` is a path of the scenario */
export function checkFaults(parsed: ParsedScenario): void {
  const { faults, data, devices } = parsed;
  const population = data.partition.clients;
  faults.forEach((rule, index) => {
    const { clients, rounds } = rule;
    const where = `faults.${index}`;
    if (clients !== undefined && 'device' in clients) checkDevice(clients.device, devices, where);
    const stranger = Array.isArray(clients) ? clients.find((client) => client >= population) : undefined;
    if (stranger !== undefined) {
      throw contradiction(`${where}.clients`, 'a fault names a client that does not exist', {
        found: `client ${stranger} of ${population}`,
        expected: `0 to ${population - 1}`,
        fix: 'remove it, or raise data.partition.clients',
      });
    }
    if (rounds !== undefined && !Array.isArray(rounds) && rounds.to !== undefined && rounds.to < rounds.from) {
      throw contradiction(`${where}.rounds`, 'a range of rounds ends before it begins', {
        found: `from ${rounds.from} to ${rounds.to}`,
        expected: 'to at or after from; both belong to the range',
      });
    }
    if (rule.kind === 'delay' && devices === undefined) {
      throw contradiction(where, 'a delay is virtual time, which needs a device model', {
        found: `a delay of ${rule.seconds} s without devices`,
        expected: 'devices with classes or a trace',
        fix: `describe the devices, or remove ${where}`,
      });
    }
    if (rule.kind === 'byzantine' && rule.attack === 'zero' && rule.factor !== undefined) {
      throw contradiction(`${where}.factor`, 'an update of zeros has no factor', {
        found: `factor: ${rule.factor} with attack: zero`,
        expected: 'no factor',
        fix: `remove ${where}.factor`,
      });
    }
  });
}

function checkDevice(name: string, devices: ParsedScenario['devices'], where: string): void {
  const classes = devices?.classes?.map((each) => each.name) ?? [];
  if (classes.includes(name)) return;
  throw contradiction(`${where}.clients.device`, 'a fault names a class of devices that does not exist', {
    found: devices === undefined ? `${name} without devices` : name,
    expected: classes.length > 0 ? classes.join(', ') : 'a class of devices.classes',
  });
}

function contradiction(where: string, summary: string, rest: { found: string; expected: string; fix?: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, ...rest });
}
