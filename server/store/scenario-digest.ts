/** What of a scenario decides its results, as one hash: a run goes on only under the scenario it began with. */
import { createHash } from 'node:crypto';
import type { Scenario } from '../../shared/scenario/scenario.js';

/**
 * SHA-256 over the resolved scenario without what changes no result: names, descriptions, the pool, where client
 * state is kept, how often it is saved, and the folder or test file of the data, whose own digest says more.
 */
export function scenarioDigest(scenario: Scenario): string {
  return sha256(whatMatters(scenario));
}

/** What changes no result, of the scenario and of its `data`. */
const INDIFFERENT: readonly string[] = ['name', 'description', 'pool', 'checkpoint', 'clientState', 'serve'];
const INDIFFERENT_DATA: readonly string[] = ['folder', 'test'];

export function whatMatters(scenario: Scenario): object {
  return { ...without(scenario, INDIFFERENT), data: without(scenario.data, INDIFFERENT_DATA) };
}

function without(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** SHA-256 of the value as JSON with sorted keys, so that the order in which values were written does not matter. */
export function sha256(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
