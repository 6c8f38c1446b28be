/** Which examples a client's local steps use and with which hyperparameters: what follows from plan, shard size and seed. */
import { type BatchOrder, orderBatches } from '../data/batches.js';
import type { StepTable } from '../kernels/kernels.js';
import { stream } from '../math/rng.js';
import type { BatchSize, RoundPlan } from './round-plan.js';
import { stepTable } from './step-table.js';

export interface LocalSteps {
  /** B after clamping to the shard. */
  readonly batchSize: number;
  readonly batches: BatchOrder;
  readonly table: StepTable & { readonly learningRates: Float32Array };
}

/** @param examples n, the size of the client's shard */
export function localSteps(plan: RoundPlan, client: number, examples: number, seed: number): LocalSteps {
  const batchSize = clamped(plan.batchSize, examples);
  const batches = orderBatches(examples, batchSize, plan.work, stream(seed, 'batches', plan.round, client));
  return { batchSize, batches, table: stepTable(plan, batches) };
}

function clamped(batchSize: BatchSize, examples: number): number {
  return batchSize === 'full' ? examples : Math.min(batchSize, examples);
}
