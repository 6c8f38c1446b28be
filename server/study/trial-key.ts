/** What a trial depends on, as one hash: the same key means the same bits. */
import type { Scenario } from '../../shared/scenario/scenario.js';
import { sha256, whatMatters } from '../store/scenario-digest.js';

export interface TrialIdentity {
  readonly scenario: Scenario;
  /** SHA-256 of the examples. */
  readonly datasetDigest: string;
  /** Of fedtempo. */
  readonly version: string;
}

/** 20 hexadecimal digits of the SHA-256 over what matters of the resolved scenario, its data and the version. */
export function trialKey({ scenario, datasetDigest, version }: TrialIdentity): string {
  return sha256({ rest: whatMatters(scenario), datasetDigest, version }).slice(0, 20);
}
