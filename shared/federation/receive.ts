/**
 * What happens to an update wherever it arrives: it suffers what the scenario's faults do to it, is checked, and goes
 * into its aggregator. Every pool receives through here, in whatever thread, so that all of them count alike.
 */
import { squaredNorm } from '../math/norm.js';
import type { CountedUpdate, Failure, Update } from '../training/reply.js';
import type { Aggregator } from './aggregator.js';
import { checkUpdate } from './check-update.js';
import { type LentState, writeState } from './client-state.js';
import { type Tampering, tamper } from './faults/tamper.js';

export interface Reception {
  /** p */
  readonly parameters: number;
  /** n_k, as the server knows it. */
  readonly examples: number;
  /** Takes the update; without one the update keeps its parameters. */
  readonly aggregator: Aggregator | undefined;
  /** The client's state, whose `after` becomes the new one; undefined where clients keep none. */
  readonly lent?: LentState | undefined;
  /** Whether ‖Δ‖² is wanted. */
  readonly measure: boolean;
  /** SHA-256, in hexadecimal, of an array's little-endian bytes. */
  readonly digestOf: (values: Float32Array) => string;
  /** What befalls the update before it arrives. */
  readonly tampering?: Tampering | undefined;
}

/** @returns the counted update, or the failure that takes its place */
export function receiveUpdate(sent: Update, reception: Reception): CountedUpdate | Failure {
  const { tampering } = reception;
  const update = tampering === undefined ? sent : tamper(sent, tampering);
  const reply = receiveCopy(update, reception);
  if (tampering?.kind !== 'duplicate' || reply.kind === 'failure') return reply;
  // The second copy goes the way of the first; the aggregator knows the client by then. Where there is none, the reply
  // alone holds the update, and a client has one reply.
  const second = receiveCopy(update, reception);
  const refused = reception.aggregator === undefined || second.kind === 'failure';
  return { ...reply, duplicates: refused ? 1 : 0 };
}

function receiveCopy(update: Update, reception: Reception): CountedUpdate | Failure {
  const { parameters, examples, aggregator, lent, measure, digestOf } = reception;
  const { delta, stateChange, ...rest } = update;
  const { round, client } = rest;
  if (aggregator?.has(client) === true) {
    const reason = `an update of client ${client} was counted in this round already`;
    return { kind: 'failure', round, client, code: 'duplicate', reason };
  }
  const refusal = checkUpdate(update, parameters, examples, lent !== undefined);
  if (refusal !== undefined) return refusal;
  aggregator?.add(update);
  if (lent !== undefined && stateChange !== undefined) writeState(lent, stateChange);
  return {
    ...rest,
    updateDigest: digestOf(delta),
    squaredNorm: measure ? squaredNorm(delta) : Number.NaN,
    ...(aggregator === undefined ? { delta, ...(stateChange === undefined ? {} : { stateChange }) } : {}),
  };
}
