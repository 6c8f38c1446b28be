/** The step table of one client: what the plan says for each of its own local steps. */
import type { BatchOrder } from '../data/batches.js';
import type { StepTable } from '../kernels/kernels.js';
import type { RoundPlan, StepName } from './round-plan.js';

/**
 * @throws RangeError if a value that moves inside the round was planned for fewer steps than the client makes
 */
export function stepTable(plan: RoundPlan, { batchSizes }: BatchOrder): StepTable & { learningRates: Float32Array } {
  const steps = batchSizes.length;
  const column = (name: StepName, held: number | undefined): Float32Array | undefined => {
    const moving = plan.along[name];
    if (moving === undefined) return held === undefined ? undefined : new Float32Array(steps).fill(held);
    if (moving.length < steps) throw new RangeError(`${name} is planned for ${moving.length} of ${steps} local steps`);
    return moving.subarray(0, steps);
  };
  const optional = {
    momenta: column('clientMomentum', plan.clientMomentum),
    proximals: column('proximalMu', plan.proximalMu),
    weightDecays: column('weightDecay', plan.weightDecay),
    clipNorms: column('clipNorm', plan.clipNorm),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, values]) => values !== undefined));
  return { batchSizes, learningRates: column('learningRate', plan.learningRate) as Float32Array, ...given };
}
