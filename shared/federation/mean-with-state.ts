/**
 * Two exact means over the same clients: of their updates, and of the changes of their state. Both weigh alike, so that a
 * server which keeps the mean of all states keeps it under the weights by which it averages updates.
 */
import type { Update } from '../training/reply.js';
import type { Aggregator, AggregatorSpec, Tally, Weighting } from './aggregator.js';
import { ExactMean } from './exact-mean.js';

export class MeanWithState implements Aggregator {
  readonly spec: AggregatorSpec;
  readonly #weighting: Weighting;
  readonly #deltas: ExactMean;
  readonly #changes: ExactMean;

  /**
   * @param parameters p
   * @param maxExamples the most that the cohort can weigh in all, under `weighting`
   * @param sums [2p], where the sums are kept: zeros, or with `gathered` what another thread has summed up there
   */
  constructor(
    parameters: number,
    maxExamples: number,
    weighting: Weighting,
    sums: Float64Array = new Float64Array(2 * parameters),
    gathered?: Tally,
  ) {
    this.#weighting = weighting;
    this.#deltas = new ExactMean(parameters, maxExamples, sums.subarray(0, parameters), gathered);
    this.#changes = new ExactMean(parameters, maxExamples, sums.subarray(parameters), gathered);
    this.spec = { kind: 'meanWithState', parameters, maxExamples, storage: 2 * parameters, weighting };
  }

  add({ client, delta, stateChange, examples }: Update): void {
    if (stateChange === undefined) throw new RangeError(`client ${client} sent no change of its state`);
    const weight = this.#weighting === 'uniform' ? 1 : examples;
    this.#deltas.add({ client, delta, examples: weight });
    this.#changes.add({ client, delta: stateChange, examples: weight });
  }

  has(client: number): boolean {
    return this.#deltas.has(client);
  }

  merge(other: this): void {
    this.#deltas.merge(other.#deltas);
    this.#changes.merge(other.#changes);
  }

  tally(): Tally {
    return this.#deltas.tally();
  }

  finish(): Float64Array {
    const { parameters, storage } = this.spec;
    const aggregate = new Float64Array(storage);
    aggregate.set(this.#deltas.finish());
    aggregate.set(this.#changes.finish(), parameters);
    return aggregate;
  }
}
