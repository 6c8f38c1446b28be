/** Resolves every hyperparameter once a round: for the clients into the frozen plan they get, for the server beside it. */
import type { LocalWork } from '../data/batches.js';
import { createClientOptimizer } from '../optimizer/client-optimizer.js';
import { checkPlan } from '../schedule/check.js';
import type { HyperparameterValues } from '../schedule/hyperparameters.js';
import { plannedSteps } from '../schedule/planned-work.js';
import type { RunPlan } from '../schedule/run-plan.js';
import { type RoundPlan, type StepColumns, stepNames } from '../training/round-plan.js';
import { type DataSize, planScenario } from './plan.js';
import type { Scenario } from './scenario.js';

export interface RoundPlanner {
  /**
   * Every scheduled value at the start of a round.
   *
   * @param adaptive what adaptive schedules say, in place of what was planned
   */
  values(round: number, adaptive?: HyperparameterValues): HyperparameterValues;
  /**
   * The plan for the clients of a round.
   *
   * @param longestShard examples of the largest shard in the cohort; decides how many local steps are planned for
   */
  plan(round: number, longestShard: number, adaptive?: HyperparameterValues): RoundPlan;
}

/**
 * @param data n, from which positions in steps and examples follow
 * @throws FedtempoError SCHEDULE_INVALID
 */
export function roundPlanner(scenario: Scenario, data: DataSize): RoundPlanner {
  const plan = planScenario(scenario, data);
  checkPlan(plan);
  const { kind, ...constants } = scenario.federation.clientOptimizer;
  const clientOptimizer = createClientOptimizer(kind, constants);
  return {
    values: (round, adaptive) => ({ ...plan.values(round), ...adaptive }),
    plan: (round, longestShard, adaptive) => {
      const {
        learningRate,
        batchSize = 'full',
        localEpochs,
        localSteps,
        ...others
      } = {
        ...plan.values(round),
        ...adaptive,
      };
      const { clientMomentum, proximalMu, weightDecay, clipNorm } = others;
      const work: LocalWork = localSteps === undefined ? { localEpochs: localEpochs ?? 1 } : { localSteps };
      const steps = plannedSteps({ batchSize, localEpochs, localSteps }, longestShard);
      return Object.freeze({
        round,
        learningRate: learningRate as number,
        batchSize,
        work,
        clientOptimizer,
        clientMomentum,
        proximalMu,
        weightDecay,
        clipNorm,
        along: columns(plan, round, steps),
      });
    },
  };
}

/** The values of schedules that count steps, by local step. */
function columns(plan: RunPlan, round: number, steps: number): StepColumns {
  const { resolver } = plan;
  const moving = stepNames.filter((name) => resolver.names.includes(name) && resolver.unitOf(name) === 'step');
  const entries = moving.map((name) => {
    const valueAt = plan.along(name, round);
    return [name, Float32Array.from({ length: steps }, (_, step) => valueAt(step) as number)];
  });
  return Object.freeze(Object.fromEntries(entries) as StepColumns);
}
