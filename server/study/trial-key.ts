/** What a trial depends on, as one hash: the same key means the same bits. */
import { createHash } from 'node:crypto';
import type { Scenario } from '../../shared/scenario/scenario.js';

export interface TrialIdentity {
  readonly scenario: Scenario;
  /** SHA-256 of the examples. */
  readonly datasetDigest: string;
  /** Of fedtempo. */
  readonly version: string;
}

/**
 * 20 hexadecimal digits of the SHA-256 over the resolved scenario, its data and the version.
 *
 * The pool and the kernels change no result; names and descriptions are no part of one.
 */
export function trialKey({ scenario, datasetDigest, version }: TrialIdentity): string {
  const { name: _, description: __, pool: ___, ...rest } = scenario;
  return createHash('sha256').update(canonical({ rest, datasetDigest, version })).digest('hex').slice(0, 20);
}

/** JSON with sorted keys, so that the order in which values were written does not matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
