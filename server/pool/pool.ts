/** A pool runs the tasks of a round somewhere. Every pool passes one conformance suite; inline is the reference. */
import type { Failure, Reply, Update } from '../../shared/training/reply.js';
import type { RoundPlan } from '../../shared/training/round-plan.js';

/** The work of one round: each client of the cohort trains once, from the same weights under the same plan. */
export interface RoundWork {
  readonly plan: RoundPlan;
  /** Ascending clients, each once. */
  readonly cohort: readonly number[];
  /** Global weights [p]; nobody changes them. */
  readonly weights: Float32Array;
  /** Decides whether an update may be counted; a failure it returns takes the update's place. */
  readonly check: (update: Update) => Failure | undefined;
}

/** A reply, and the number of the worker that it came from (for timing and logs alone). */
export interface PoolReply {
  readonly reply: Reply;
  readonly worker: number;
}

/** Bytes on the wire since the pool began. */
export interface Traffic {
  readonly down: number;
  readonly up: number;
}

export interface ClientPool {
  readonly kind: string;
  /** Processes or threads that train. */
  readonly workers: number;
  /**
   * Runs one round. Yields exactly one reply for each client of the cohort, in any order; when `signal` aborts it
   * stops early. One round at a time.
   */
  dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply>;
  /** Time that the last dispatch took to hand plan and weights to every worker. */
  readonly broadcastMs: number;
  traffic(): Traffic;
  /** Ends every worker; afterwards nothing of the pool is left. */
  close(): Promise<void>;
}
