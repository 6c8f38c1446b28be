/**
 * Aggregators reduce updates as they arrive. Their result may not depend on the order of arrival, on how many threads
 * shared the work, or on the shape of the tree that merged them.
 */
import type { Update } from '../training/reply.js';

/** What makes an empty aggregator, as plain data: a thread makes one of the same kind from it. */
export interface AggregatorSpec {
  readonly kind: string;
  /** p */
  readonly parameters: number;
  /** The most that its updates can weigh in all: examples, or clients where every client weighs 1. */
  readonly maxExamples: number;
  /** float64 values in which it keeps its sums. */
  readonly storage: number;
  /** Where it can weigh in more than one way: how. */
  readonly weighting?: Weighting;
}

/** What an update weighs: n_k, or 1. */
export type Weighting = 'examples' | 'uniform';

/** Whose updates an aggregator has gathered. */
export interface Tally {
  readonly clients: readonly number[];
  /** Σ n_k, or their number where every client weighs 1. */
  readonly examples: number;
}

/** What of an update an aggregate is made of. */
export type Contribution = Pick<Update, 'client' | 'delta' | 'examples'>;

export interface Aggregator {
  readonly spec: AggregatorSpec;
  /** Takes one update; each client at most once. @throws RangeError if it cannot be represented (check it first). */
  add(update: Contribution): void;
  /** Takes what another aggregator of the same kind has gathered. @throws Error if a client is in both. */
  merge(other: this): void;
  /** Whether it has gathered an update of the client. */
  has(client: number): boolean;
  /** Clients gathered so far, ascending, and what they weigh. */
  tally(): Tally;
  /** The aggregate [p], float64, and behind it what it made of changes of client state [p], if it takes them. At least one update is needed. */
  finish(): Float64Array;
}
