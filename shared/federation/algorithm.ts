/**
 * An algorithm is a short composition: what the local step adds, how updates are reduced, what the server does with the
 * result. One file each, named as in the literature; the table below is the only other place that knows them.
 */
import { z } from 'zod';
import type { Aggregator, AggregatorSpec, Tally, Weighting } from './aggregator.js';
import { fedAsync, fedAsyncSchema } from './asynchronous/fedasync.js';
import { fedBuff, fedBuffSchema } from './asynchronous/fedbuff.js';
import type { AsynchronousRule } from './asynchronous/rule.js';
import { ExactMean } from './exact-mean.js';
import { fedAvg } from './fedavg.js';
import { MeanWithState } from './mean-with-state.js';
import { scaffold, scaffoldSchema } from './scaffold.js';

/** What the server's optimizer uses in a round. */
export interface ServerValues {
  /** η_s ≥ 0; 1 takes the aggregate as it is. */
  readonly learningRate: number;
  /** β_s, 0 ≤ β_s < 1. */
  readonly momentum: number;
}

/** What the server's optimizer keeps between rounds, tensors [p] by name; undefined until it keeps something. */
export type ServerState = { readonly [name: string]: Float64Array } | undefined;

export interface ServerStep {
  readonly weights: Float32Array;
  readonly state: ServerState;
}

export interface Algorithm {
  readonly kind: string;
  /** What an update weighs in the aggregate. */
  readonly weighting: Weighting;
  /**
   * @param parameters p
   * @param maxExamples the most examples that a cohort can hold
   * @param maxClients the most clients
   */
  createAggregator(parameters: number, maxExamples: number, maxClients: number): Aggregator;
  /**
   * Only where clients keep state and use control variates: the server's c for the clients of a round [p], float32. Their
   * updates then carry changes of their state, and the aggregate is [2p].
   */
  readonly control?: (parameters: number, state: ServerState) => Float32Array;
  /**
   * The next global weights [p], float32, and the server's next state, from the present ones and the aggregate.
   *
   * @param share what the aggregated updates weigh of what all clients would, 0..1; for algorithms with client state
   */
  serverStep(
    weights: Float32Array,
    aggregate: Float64Array,
    values: ServerValues,
    state: ServerState,
    share: number,
  ): ServerStep;
}

const fedAvgSchema = z
  .strictObject({ kind: z.literal('fedavg') })
  .describe('Rounds that end in the example-weighted mean (McMahan et al. 2017).');

/** `federation.algorithm` of a scenario. */
export const algorithmSchema = z.discriminatedUnion('kind', [
  fedAvgSchema,
  scaffoldSchema,
  fedBuffSchema,
  fedAsyncSchema,
]);

/** An algorithm as it is asked for, defaults filled. */
export type AlgorithmSpec = z.output<typeof algorithmSchema>;
/** Algorithms in which the server waits for nobody: their rounds are server versions. */
export type AsynchronousSpec = Extract<AlgorithmSpec, { kind: 'fedbuff' | 'fedasync' }>;

export function isAsynchronous(spec: AlgorithmSpec): spec is AsynchronousSpec {
  return spec.kind === 'fedbuff' || spec.kind === 'fedasync';
}

/** How an asynchronous algorithm makes its steps. */
export function createRule(spec: AsynchronousSpec): AsynchronousRule {
  return spec.kind === 'fedbuff' ? fedBuff(spec) : fedAsync(spec);
}

/** The algorithm of a scenario; of an asynchronous one, how its server steps with a full buffer. */
export function createAlgorithm(spec: AlgorithmSpec): Algorithm {
  switch (spec.kind) {
    case 'fedavg':
      return fedAvg;
    case 'scaffold':
      return scaffold(spec);
    case 'fedbuff':
    case 'fedasync':
      return { ...fedAvg, kind: spec.kind };
  }
}

/** Whether clients keep state under an algorithm. */
export function keepsClientState(spec: AlgorithmSpec): boolean {
  return createAlgorithm(spec).control !== undefined;
}

/**
 * An aggregator from its plain description.
 *
 * @param sums [storage], where it keeps its sums: zeros, or with `gathered` what a thread has summed up there
 */
export function createAggregator(
  { kind, parameters, maxExamples, weighting = 'examples' }: AggregatorSpec,
  sums?: Float64Array,
  gathered?: Tally,
): Aggregator {
  if (kind === 'meanWithState') return new MeanWithState(parameters, maxExamples, weighting, sums, gathered);
  return new ExactMean(parameters, maxExamples, sums, gathered);
}
