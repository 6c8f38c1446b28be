/** Where trials are kept. One folder on this machine today; many machines would share another implementation. */
import type { TrialRound } from '../../shared/study/measures.js';
import type { Summary } from '../store/records.js';

/** A trial by what it is (`key`) and how people call it. */
export interface TrialId {
  readonly key: string;
  readonly arm: string;
  readonly seed: number;
}

/** A trial that came to its end: all its rounds, or until it diverged. */
export interface FinishedTrial {
  readonly summary: Summary;
  readonly rounds: readonly TrialRound[];
}

export interface TrialStore {
  /** The trial if it is finished, and is what its key says. It need not be run again then. */
  find(id: TrialId): FinishedTrial | undefined;
  /** An empty folder for the run of a trial; what an earlier, unfinished attempt left is removed. */
  prepare(id: TrialId): string;
}
