/** One round of a flat federation: dispatch, add up replies as they come, then new weights, or the old ones if too few replied. */
import type { Aggregator, Weighting } from '../shared/federation/aggregator.js';
import type { Algorithm, ServerState, ServerValues } from '../shared/federation/algorithm.js';
import type { ClientStates } from '../shared/federation/client-state.js';
import type { Hierarchy } from '../shared/federation/hierarchy.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { Spans } from '../shared/times/spans.js';
import type { CountedUpdate } from '../shared/training/reply.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import { type Collected, collect } from './collect.js';
import type { ClientPool, TaskGroup, Terms } from './pool/pool.js';
import { spreadOf, weightOf } from './update-spread.js';

export interface RoundInput {
  readonly plan: RoundPlan;
  readonly cohort: readonly number[];
  readonly weights: Float32Array;
  readonly algorithm: Algorithm;
  /** What the server step uses, given what the updates say together (null unless `measure`). */
  readonly serverValues: (spread: UpdateSpread | null) => ServerValues;
  /** Whether the updates are measured: a pass over each. */
  readonly measure: boolean;
  /** Where the algorithm keeps client state. What a round changes of it counts when it is committed there. */
  readonly states?: ClientStates | undefined;
  /** Clients, and examples of all clients: what all of them would weigh. */
  readonly population: { readonly clients: number; readonly examples: number };
  readonly serverState: ServerState;
  /** Edges and cloud as the round before left them; undefined in a flat federation, and before the first round. */
  readonly hierarchy?: Hierarchy | undefined;
  readonly pool: ClientPool;
  /** The size of a client's shard, n_k. */
  readonly shardSize: (client: number) => number;
  readonly minimumReplies: number;
  /** For clients on other machines: how long the round waits for them. */
  readonly terms?: Terms | undefined;
  readonly signal: AbortSignal;
  /** Where this thread's time is counted. */
  readonly spans: Spans;
}

/** A round in virtual time. */
export interface SimulatedFacts {
  /** The virtual clock at its end, in seconds. */
  readonly seconds: number;
  /** What its tasks have cost, those in vain included; bytes down and up. */
  readonly joules: number;
  readonly bytes: number;
  /** Clients that were aborted since enough had replied, ascending. */
  readonly surplus: readonly number[];
  /** Mean of the counted updates' staleness in versions; null in synchronous rounds. */
  readonly meanStaleness: number | null;
}

/** What the replies of a round were, and what the server made of them. */
export interface RoundResult extends Omit<Collected, 'ms'> {
  /**
   * The new global weights; the old ones, the same array, if the round was not committed. In a hierarchy, what the cloud
   * would have if the edges were averaged now.
   */
  readonly weights: Float32Array;
  readonly serverState: ServerState;
  /** What the server step used. */
  readonly server: ServerValues;
  readonly spread: UpdateSpread | null;
  readonly committed: boolean;
  /** What the round was in virtual time; undefined without a device model. */
  readonly simulated?: SimulatedFacts;
  /** Edges and cloud as the round leaves them; undefined in a flat federation. */
  readonly hierarchy?: Hierarchy | undefined;
  readonly ms: { broadcast: number; train: number; collect: number; aggregate: number };
}

/** What the server makes of the updates of a round. */
type Stepped = Pick<RoundResult, 'weights' | 'serverState' | 'server' | 'spread' | 'committed' | 'hierarchy'>;

/** Runs one round. Undefined if `signal` aborted it: nothing of it counts then. */
export type RunRound = (input: RoundInput) => Promise<RoundResult | undefined>;

export const runRound: RunRound = (input) => {
  const { plan, cohort, weights, algorithm, serverState, states } = input;
  const aggregator = createCohortAggregator(input);
  const control = algorithm.control?.(weights.length, serverState);
  const variates = control && states && { control, states };
  const groups = [{ plan, weights, clients: cohort, aggregator, variates }];
  return dispatchRound(input, groups, (collected) => step(input, collected, aggregator));
};

/** An empty aggregator that can hold the updates of the whole cohort. */
export function createCohortAggregator({ algorithm, weights, cohort, shardSize }: RoundInput): Aggregator {
  const cohortExamples = cohort.reduce((sum, client) => sum + shardSize(client), 0);
  return algorithm.createAggregator(weights.length, cohortExamples, cohort.length);
}

/** @param step makes the next weights of what has come back; the groups' aggregators hold the updates by then */
export async function dispatchRound(
  { plan, pool, shardSize, measure, terms, signal, spans }: RoundInput,
  groups: readonly TaskGroup[],
  step: (collected: Collected) => Stepped,
): Promise<RoundResult | undefined> {
  const collected = await collect({ groups, shardSize, measure, terms }, pool, signal);
  if (collected === undefined) return undefined;
  const began = performance.now();
  const stepped = spans.measure('aggregate', () => step(collected), { round: plan.round });
  const { receive, ...ms } = collected.ms;
  return { ...collected, ...stepped, ms: { ...ms, aggregate: receive + performance.now() - began } };
}

function step(input: RoundInput, { updates }: Collected, aggregator: Aggregator): Stepped {
  const { weights, algorithm, measure, serverState } = input;
  const committed = updates.length >= input.minimumReplies;
  const mean = updates.length > 0 ? aggregator.finish() : undefined;
  const { weighting } = algorithm;
  const spread = mean !== undefined && measure ? spreadOf(updates, mean.subarray(0, weights.length), weighting) : null;
  const server = input.serverValues(spread);
  const next =
    committed && mean !== undefined
      ? algorithm.serverStep(weights, mean, server, serverState, shareOf(updates, weighting, input.population))
      : { weights, state: serverState };
  return { weights: next.weights, serverState: next.state, server, spread, committed };
}

/** What updates weigh of what those of all clients would. */
export function shareOf(
  updates: readonly CountedUpdate[],
  weighting: Weighting,
  { clients, examples }: RoundInput['population'],
): number {
  const replied = updates.reduce((sum, update) => sum + weightOf(update, weighting), 0);
  return replied / (weighting === 'uniform' ? clients : examples);
}
