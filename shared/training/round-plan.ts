/** What every client of a round is told: frozen, the same for all, everything they need besides weights and shard. */
import type { LocalWork } from '../data/batches.js';
import type { ClientOptimizer } from '../optimizer/client-optimizer.js';

/** Examples of a local step: a number, or the whole shard. */
export type BatchSize = number | 'full';

export interface RoundPlan {
  /** 0-based. */
  readonly round: number;
  /** η, used in float32. */
  readonly learningRate: number;
  /** B ≥ 1; a client with a smaller shard uses its whole shard. */
  readonly batchSize: BatchSize;
  readonly work: LocalWork;
  readonly clientOptimizer: ClientOptimizer;
}
