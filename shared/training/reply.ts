/** What comes back from a client: an update, or a failure. A failure is data; it never throws through the round loop. */
import type { FaultKind } from '../federation/faults/rules.js';

/** What the client really used, next to what the plan said. */
export interface Used {
  /** η of the first and the last step, as the shortest decimal of the float32 value. */
  readonly learningRateFirst: number;
  readonly learningRateLast: number;
  /** B after clamping to the shard. */
  readonly batchSize: number;
  readonly steps: number;
  /** Batches that had fewer examples than the plan asked for: the end of an epoch, or a shard smaller than B. */
  readonly truncatedBatches: number;
}

export interface TrainingMetrics {
  /** Mean loss over the examples used, each at the weights its step began with. */
  readonly loss: number;
  /** Share of those examples that were classified correctly, 0..1. */
  readonly accuracy: number;
  /** Examples used, counted once for each time. */
  readonly examplesUsed: number;
}

export interface Update {
  readonly kind: 'update';
  readonly round: number;
  readonly client: number;
  /** local − global [p]: adding it moves the global model towards the client's. */
  readonly delta: Float32Array;
  /** New minus old state of the client [p]; only where the algorithm keeps client state. */
  readonly stateChange?: Float32Array;
  /** n_k: the size of the shard, the weight of this update in the mean. */
  readonly examples: number;
  readonly metrics: TrainingMetrics;
  readonly used: Used;
  /** Time spent training. Not part of any result. */
  readonly trainMs: number;
}

/** Why a client has no update in a round. */
export const failureCodes = {
  'client-lost': 'the connection or process that hosts the client ended',
  'client-error': 'the client could not train and said why',
  'non-finite': 'the update contains NaN or an infinity',
  'out-of-range': 'a parameter moved further than the largest admitted change',
  'wrong-length': 'the update has another number of parameters than the model',
  'wrong-examples': 'the number of examples is not that of the shard',
  timeout: 'no reply came within the limit',
  duplicate: 'an update of the client was counted in this round already',
  'dropped-out': 'the client dropped out before it had an update',
  late: 'the update came after the round was closed',
  surplus: 'enough other clients had replied before',
  'too-stale': 'the update began more server versions ago than the algorithm admits',
} as const;

export type FailureCode = keyof typeof failureCodes;

/** Failures that the device model or the rules of a round plan: nothing is wrong with the run. */
export const plannedFailures: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'late',
  'surplus',
  'dropped-out',
  'too-stale',
]);

export interface Failure {
  readonly kind: 'failure';
  readonly round: number;
  readonly client: number;
  readonly code: FailureCode;
  readonly reason: string;
  /** The fault of the scenario that befell the client. */
  readonly fault?: FaultKind;
}

export type Reply = Update | Failure;

/**
 * An update that was checked and counted: its parameters have gone into an aggregator, or are kept where there was none.
 */
export interface CountedUpdate extends Omit<Update, 'delta' | 'stateChange'> {
  /** SHA-256 over the parameters as little-endian float32, in hexadecimal. */
  readonly updateDigest: string;
  /** ‖Δ‖², float64; NaN unless it was asked for. */
  readonly squaredNorm: number;
  /** [p]; only where no aggregator took it. */
  readonly delta?: Float32Array;
  readonly stateChange?: Float32Array;
  /** The fault of the scenario that befell the client or its update. */
  readonly fault?: FaultKind;
  /** Further copies that came and were not counted. */
  readonly duplicates?: number;
}
