/** What passes between a worker pool and its threads. Large arrays are in shared memory: a message carries views of them. */
import type { AggregatorSpec, Tally } from '../federation/aggregator.js';
import type { LentState } from '../federation/client-state.js';
import type { Tampering } from '../federation/faults/tamper.js';
import type { EvaluationTotals } from '../kernels/kernels.js';
import type { Spent } from '../times/spans.js';
import type { CountedUpdate, Failure } from '../training/reply.js';
import type { RoundPlan } from '../training/round-plan.js';
import type { QueueMemory } from './task-queues.js';

/** A group of tasks, as a thread sees it. */
export interface ThreadGroup {
  readonly plan: RoundPlan;
  /** [p], shared by all threads. */
  readonly weights: Float32Array;
  /** Where this thread sums up its part; without it, updates come back with their parameters. */
  readonly partial?: { readonly spec: AggregatorSpec; readonly sums: Float64Array };
  /** Where the algorithm keeps client state: c [p] and the states of the clients that may be taken, all shared. */
  readonly variates?: { readonly control: Float32Array; readonly lent: ReadonlyMap<number, LentState> };
}

export type ThreadRequest =
  | {
      readonly type: 'train';
      readonly id: number;
      readonly queues: QueueMemory;
      readonly groups: readonly ThreadGroup[];
      readonly measure: boolean;
      /** By client. */
      readonly tampering: ReadonlyMap<number, Tampering>;
    }
  /** Evaluate weights [p] on the test examples from .. to − 1. */
  | {
      readonly type: 'evaluate';
      readonly id: number;
      readonly weights: Float32Array;
      readonly from: number;
      readonly to: number;
    };

export interface ThreadReply {
  readonly reply: CountedUpdate | Failure;
  /** Index of its group in the dispatch. */
  readonly group: number;
  readonly receiveMs: number;
}

export interface Trained {
  readonly replies: readonly ThreadReply[];
  /** By group: whose updates are in the partial sums. */
  readonly tallies: readonly (Tally | undefined)[];
  /** Where the thread's time went. */
  readonly spent: Spent;
}

export type ThreadResponse =
  | { readonly type: 'ready'; readonly datasetDigest: string }
  /** The thread cannot serve; it ends. */
  | { readonly type: 'failed'; readonly reason: string }
  | ({ readonly type: 'trained'; readonly id: number } & Trained)
  | { readonly type: 'evaluated'; readonly id: number; readonly totals: EvaluationTotals; readonly spent: Spent };
