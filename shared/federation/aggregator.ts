/**
 * Aggregators reduce updates as they arrive. Their result may not depend on the order of arrival, on how many threads
 * shared the work, or on the shape of the tree that merged them.
 */
import type { Update } from '../training/reply.js';

export interface Aggregator {
  /** Takes one update; each client at most once. @throws RangeError if it cannot be represented (check it first). */
  add(update: Update): void;
  /** Takes what another aggregator of the same kind has gathered. @throws Error if a client is in both. */
  merge(other: this): void;
  /** Clients gathered so far, ascending. */
  contributors(): readonly number[];
  /** The aggregate [p], float64. At least one update is needed. */
  finish(): Float64Array;
}
