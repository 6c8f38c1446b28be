/** What cannot hold together with the device model, or without one. */
import { createDevices } from '../devices/devices.js';
import { overSelected } from '../devices/select.js';
import { FedtempoError } from '../errors.js';
import { isAsynchronous } from '../federation/algorithm.js';
import type { ParsedScenario } from './schema.js';

/** @throws FedtempoError SCENARIO_CONTRADICTION, DEVICES_INVALID; `where` is a path of the scenario */
export function checkDevices({ devices, federation, data, seed }: ParsedScenario): void {
  const { algorithm, deadlineSeconds, overSelection } = federation;
  const needs = (key: string, found: string) => {
    if (devices !== undefined) return;
    throw contradiction(`federation.${key}`, 'virtual time needs a device model', {
      found: `${found} without devices`,
      expected: 'devices with classes or a trace',
      fix: `describe the devices, or remove federation.${key}`,
    });
  };
  const asynchronous = isAsynchronous(algorithm);
  if (asynchronous) needs('algorithm', `algorithm ${algorithm.kind}`);
  for (const [key, value] of Object.entries({ deadlineSeconds, overSelection })) {
    if (value === undefined) continue;
    needs(key, `${key}: ${value}`);
    if (!asynchronous) continue;
    throw contradiction(`federation.${key}`, 'an asynchronous algorithm has no rounds to wait for', {
      found: `${key}: ${value} with algorithm ${algorithm.kind}`,
      expected: 'one of the two',
      fix: `remove federation.${key}`,
    });
  }
  if (algorithm.kind === 'fedbuff' && algorithm.bufferSize > data.partition.clients) {
    throw contradiction('federation.algorithm.bufferSize', 'the buffer would never be full', {
      found: `a buffer of ${algorithm.bufferSize} updates from ${data.partition.clients} clients`,
      expected: `at most ${data.partition.clients}`,
      fix: 'lower federation.algorithm.bufferSize',
    });
  }
  if (devices === undefined) return;
  if ((devices.classes === undefined) === (devices.trace === undefined)) {
    throw contradiction('devices', 'devices are given by classes or by a trace', {
      found: devices.classes === undefined ? 'neither' : 'both',
      expected: 'devices: { classes: [...] } or devices: { trace: devices.csv }',
    });
  }
  createDevices(devices, seed);
}

/** @throws FedtempoError SCENARIO_CONTRADICTION */
export function checkOverSelection(overSelection: number | undefined, cohort: number, population: number): void {
  if (overSelected(cohort, overSelection ?? 1) <= population) return;
  throw contradiction('federation.overSelection', 'more clients would be selected than there are', {
    found: `${overSelection} times a cohort of ${cohort} out of ${population} clients`,
    expected: `at most ${population / cohort}`,
    fix: 'lower federation.overSelection or federation.cohort.size',
  });
}

function contradiction(where: string, summary: string, rest: { found: string; expected: string; fix?: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, ...rest });
}
