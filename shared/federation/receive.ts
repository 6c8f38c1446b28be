/**
 * What happens to an update wherever it arrives: it is checked, and goes into its aggregator. Every pool receives
 * through here, in whatever thread, so that all of them count alike.
 */
import { squaredNorm } from '../math/norm.js';
import type { CountedUpdate, Failure, Update } from '../training/reply.js';
import type { Aggregator } from './aggregator.js';
import { checkUpdate } from './check-update.js';

export interface Reception {
  /** p */
  readonly parameters: number;
  /** n_k, as the server knows it. */
  readonly examples: number;
  /** Takes the update; without one the update keeps its parameters. */
  readonly aggregator: Aggregator | undefined;
  /** Whether ‖Δ‖² is wanted. */
  readonly measure: boolean;
  /** SHA-256, in hexadecimal, of an array's little-endian bytes. */
  readonly digestOf: (values: Float32Array) => string;
}

/** @returns the counted update, or the failure that takes its place */
export function receiveUpdate(update: Update, reception: Reception): CountedUpdate | Failure {
  const { parameters, examples, aggregator, measure, digestOf } = reception;
  const refusal = checkUpdate(update, parameters, examples);
  if (refusal !== undefined) return refusal;
  const { delta, ...rest } = update;
  aggregator?.add(update);
  return {
    ...rest,
    updateDigest: digestOf(delta),
    squaredNorm: measure ? squaredNorm(delta) : Number.NaN,
    ...(aggregator === undefined ? { delta } : {}),
  };
}
