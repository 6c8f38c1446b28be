/**
 * An algorithm is a short composition: what the local step adds, how updates are reduced, what the server does with the
 * result. One file each, named as in the literature; the table below is the only other place that knows them.
 */
import type { Aggregator } from './aggregator.js';
import { fedAvg } from './fedavg.js';

export interface Algorithm {
  readonly kind: string;
  /** @param parameters p @param maxExamples the most examples that a cohort can hold */
  createAggregator(parameters: number, maxExamples: number): Aggregator;
  /** The next global weights [p], float32, from the present ones and the aggregate [p]. */
  serverStep(weights: Float32Array, aggregate: Float64Array): Float32Array;
}

export const algorithmKinds = ['fedavg'] as const;

/** The algorithm of a scenario. */
export function createAlgorithm(spec: { kind: (typeof algorithmKinds)[number] }): Algorithm {
  switch (spec.kind) {
    case 'fedavg':
      return fedAvg;
  }
}
