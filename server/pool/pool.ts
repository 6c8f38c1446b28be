/** A pool runs the tasks of a round somewhere. Every pool passes one conformance suite; inline is the reference. */
import type { Aggregator } from '../../shared/federation/aggregator.js';
import type { ClientStates, LentState } from '../../shared/federation/client-state.js';
import type { Tampering } from '../../shared/federation/faults/tamper.js';
import type { Spent } from '../../shared/times/spans.js';
import type { CountedUpdate, Failure } from '../../shared/training/reply.js';
import type { RoundPlan } from '../../shared/training/round-plan.js';

/** Clients that train from the same weights under the same plan, and where their updates go. */
export interface TaskGroup {
  readonly plan: RoundPlan;
  /** The weights to begin with [p]; nobody changes them. */
  readonly weights: Float32Array;
  /** Ascending. */
  readonly clients: readonly number[];
  /** Takes every update that passes the check; without one, updates come back with their parameters. */
  readonly aggregator?: Aggregator | undefined;
  /** Where the algorithm keeps client state: c, the server's control variate [p], sent once like the weights, and the states. */
  readonly variates?: { readonly control: Float32Array; readonly states: ClientStates } | undefined;
}

/** How long a round waits for clients that come and go. */
export interface Terms {
  /** 0-based; a round that was abandoned is tried again. */
  readonly attempt: number;
  /** Ascending; those of them who are asked to train are the groups' clients. */
  readonly selected: readonly number[];
  /** Replies that close the round; the first ones count. */
  readonly quota: number;
  readonly deadlineMs: number;
}

/** The work of one dispatch. A round of a flat federation is one group. */
export interface RoundWork {
  /** A client is in one group at most. */
  readonly groups: readonly TaskGroup[];
  /** n_k: the size of a client's shard. */
  readonly shardSize: (client: number) => number;
  /** Whether the norms of updates are wanted: a pass over each. */
  readonly measure: boolean;
  /** What befalls the update of a client before it is received. */
  readonly tampering?: ReadonlyMap<number, Tampering>;
  /** For clients on other machines. */
  readonly terms?: Terms | undefined;
}

/** A reply, and the number of the worker that it came from (for timing and logs alone); null if nobody was asked. */
export interface PoolReply {
  readonly reply: CountedUpdate | Failure;
  readonly worker: number | null;
  /** Time spent checking and adding it. */
  readonly receiveMs: number;
}

/** Bytes on the wire since the pool began. */
export interface Traffic {
  readonly down: number;
  readonly up: number;
}

export interface ThreadSpent {
  /** Its name in the time table. */
  readonly thread: string;
  readonly spent: Spent;
}

/** The name of the thread that runs the round loop. */
export const COORDINATOR = 'coordinator';

export interface ClientPool {
  readonly kind: string;
  /** Processes or threads that train. */
  readonly workers: number;
  /**
   * Trains every client of the work. Yields exactly one reply for each, in any order; aggregators hold all updates once
   * the last reply was taken. When `signal` aborts it stops early. One dispatch at a time.
   */
  dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply>;
  /** Time that the last dispatch took to hand plan and weights to every worker. */
  readonly broadcastMs: number;
  traffic(): Traffic;
  /** Where time went since it was asked last: that of its workers, and what it did on the coordinator's thread. */
  spent(): readonly ThreadSpent[];
  /** Ends every worker; afterwards nothing of the pool is left. */
  close(): Promise<void>;
}

/** What `receiveUpdate` needs to know about a client of a group. @param lent the client's state, where it keeps one */
export function receptionOf(work: RoundWork, { weights, aggregator }: TaskGroup, client: number, lent?: LentState) {
  const { shardSize, measure, tampering } = work;
  const parameters = weights.length;
  return { parameters, examples: shardSize(client), aggregator, lent, measure, tampering: tampering?.get(client) };
}
