/** Local training: weights + shard + plan → update. The same code in a thread, a process and a browser. */
import type { Dataset } from '../data/dataset.js';
import type { Core } from '../kernels/kernels.js';
import { shortestFloat32 } from '../math/shortest.js';
import { type ControlVariates, changeOf, correctionOf } from './control-variate.js';
import { localSteps } from './local-steps.js';
import type { Update } from './reply.js';
import type { RoundPlan } from './round-plan.js';

export interface LocalTask {
  readonly plan: RoundPlan;
  readonly client: number;
  /** Global weights [p]; left as they are. */
  readonly weights: Float32Array;
  readonly shard: Dataset;
  readonly seed: number;
  /** Where the algorithm uses them. The update then carries the change of the client's. */
  readonly variates?: ControlVariates | undefined;
  /** Monotonic milliseconds, for `trainMs` alone. */
  readonly now: () => number;
  /** Where the update's parameters go [p]; a new array without it. */
  readonly into?: Float32Array | undefined;
}

/** Trains on one client's shard and returns delta = local − global, float32. */
export function trainLocally(core: Core, task: LocalTask): Update {
  const { plan, client, weights, shard, seed, variates, now } = task;
  const began = now();
  const { batchSize, batches, table } = localSteps(plan, client, shard.examples, seed);
  const { batchSizes, learningRates } = table;
  const asked = plan.batchSize === 'full' ? shard.examples : plan.batchSize;

  const delta = task.into ?? new Float32Array(weights.length);
  core.load(shard);
  const correction = variates === undefined ? {} : { correction: correctionOf(variates) };
  const options = { optimizer: plan.clientOptimizer, ...correction };
  const totals = core.update(weights, delta, batches.order, table, options);

  return {
    kind: 'update',
    round: plan.round,
    client,
    delta,
    ...(variates === undefined ? {} : { stateChange: changeOf(variates.control, delta, learningRates) }),
    examples: shard.examples,
    metrics: {
      loss: totals.lossSum / totals.examples,
      accuracy: totals.correct / totals.examples,
      examplesUsed: totals.examples,
    },
    used: {
      learningRateFirst: shortestFloat32(learningRates[0]),
      learningRateLast: shortestFloat32(learningRates[learningRates.length - 1]),
      batchSize,
      steps: batchSizes.length,
      truncatedBatches: batchSizes.reduce((count, size) => count + (size < asked ? 1 : 0), 0),
    },
    trainMs: now() - began,
  };
}
