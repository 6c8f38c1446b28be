/** How a round comes about: a synchronous one, or the next server version of an asynchronous run. */
import type { ServerValues } from '../shared/federation/algorithm.js';
import type { ClientStates } from '../shared/federation/client-state.js';
import type { RoundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { VirtualTime } from '../shared/scenario/virtual-time.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { HyperparameterValues } from '../shared/schedule/hyperparameters.js';
import type { Spans } from '../shared/times/spans.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { ClientPool } from './pool/pool.js';
import type { RoundResult } from './round.js';
import type { RunState } from './run-state.js';

/** What a round goes on from, and the next one after it: the part of a run's state that rounds make. */
export type Carried = Pick<RunState, 'weights' | 'serverState' | 'hierarchy' | 'seconds' | 'inFlight'>;

export interface RoundStart {
  readonly round: number;
  /** Every scheduled value of the round, `overrides` in them. */
  readonly values: HyperparameterValues;
  /** What adaptive schedules say. */
  readonly overrides: HyperparameterValues;
  readonly carried: Carried;
  /** What the server step uses, given what the updates say together (null unless `measure`). */
  readonly serverValues: (spread: UpdateSpread | null) => ServerValues;
  readonly measure: boolean;
  readonly signal: AbortSignal;
}

export interface MadeRound {
  readonly plan: RoundPlan;
  /** Ascending. */
  readonly cohort: readonly number[];
  readonly minimumReplies: number;
  readonly result: RoundResult;
  readonly carried: Carried;
}

/** Runs one round. Undefined if `signal` aborted it: nothing of it counts then. */
export type RoundSource = (start: RoundStart) => Promise<MadeRound | undefined>;

export interface RoundSourceOptions {
  readonly scenario: Scenario;
  readonly planner: RoundPlanner;
  readonly pool: ClientPool;
  /** n_k */
  readonly shardSize: (client: number) => number;
  /** n, training examples of all clients. */
  readonly examples: number;
  /** What clients keep between rounds, where the algorithm lets them. */
  readonly states?: ClientStates | undefined;
  /** Undefined without a device model. */
  readonly virtual: VirtualTime | undefined;
  readonly spans: Spans;
}

/** Examples of the largest shard among clients; decides how many local steps are planned for. */
export function longestShard(clients: readonly number[], shardSize: (client: number) => number): number {
  return clients.reduce((most, client) => Math.max(most, shardSize(client)), 0);
}
