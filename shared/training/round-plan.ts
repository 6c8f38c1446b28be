/** What every client of a round is told: frozen, the same for all, everything they need besides weights and shard. */
import type { LocalWork } from '../data/batches.js';
import type { ClientOptimizer } from '../optimizer/client-optimizer.js';

/** Examples of a local step: a number, or the whole shard. */
export type BatchSize = number | 'full';

/** Hyperparameters of a local step: those that a schedule may move inside a round. */
export const stepNames = ['learningRate', 'clientMomentum', 'proximalMu', 'weightDecay', 'clipNorm'] as const;
export type StepName = (typeof stepNames)[number];

/** Values by local step [steps], float32. */
export type StepColumns = { readonly [name in StepName]?: Float32Array | undefined };

export interface RoundPlan {
  /** 0-based. */
  readonly round: number;
  /** η at the start of the round, used in float32. */
  readonly learningRate: number;
  /** B ≥ 1; a client with a smaller shard uses its whole shard. */
  readonly batchSize: BatchSize;
  readonly work: LocalWork;
  readonly clientOptimizer: ClientOptimizer;
  /** β of momentum and nesterov, in place of the optimizer's. */
  readonly clientMomentum?: number | undefined;
  /** FedProx's μ. */
  readonly proximalMu?: number | undefined;
  /** λ */
  readonly weightDecay?: number | undefined;
  /** The largest norm of a gradient. */
  readonly clipNorm?: number | undefined;
  /**
   * What schedules that count steps give, in place of the values above: a value for each local step of the longest
   * training in the cohort. The server works them out; a client with fewer steps uses the first of them.
   */
  readonly along: StepColumns;
}
