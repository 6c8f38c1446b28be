/**
 * An algorithm is a short composition: what the local step adds, how updates are reduced, what the server does with the
 * result. One file each, named as in the literature; the table below is the only other place that knows them.
 */
import type { Aggregator } from './aggregator.js';
import { fedAvg } from './fedavg.js';

/** What the server's optimizer uses in a round. */
export interface ServerValues {
  /** η_s ≥ 0; 1 takes the aggregate as it is. */
  readonly learningRate: number;
  /** β_s, 0 ≤ β_s < 1. */
  readonly momentum: number;
}

/** What the server's optimizer keeps between rounds; undefined until it keeps something. */
export type ServerState = { readonly velocity: Float64Array } | undefined;

export interface ServerStep {
  readonly weights: Float32Array;
  readonly state: ServerState;
}

export interface Algorithm {
  readonly kind: string;
  /** @param parameters p @param maxExamples the most examples that a cohort can hold */
  createAggregator(parameters: number, maxExamples: number): Aggregator;
  /** The next global weights [p], float32, and the server's next state, from the present ones and the aggregate [p]. */
  serverStep(weights: Float32Array, aggregate: Float64Array, values: ServerValues, state: ServerState): ServerStep;
}

export const algorithmKinds = ['fedavg'] as const;

/** The algorithm of a scenario. */
export function createAlgorithm(spec: { kind: (typeof algorithmKinds)[number] }): Algorithm {
  switch (spec.kind) {
    case 'fedavg':
      return fedAvg;
  }
}
