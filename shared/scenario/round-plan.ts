/** Resolves number-or-schedule once a round into the frozen plan that every client of the round gets. */
import type { LocalWork } from '../data/batches.js';
import { FedtempoError } from '../errors.js';
import { checkPlan } from '../schedule/check.js';
import type { HyperparameterName } from '../schedule/names.js';
import type { RoundPlan } from '../training/round-plan.js';
import { type DataSize, planScenario } from './plan.js';
import type { Scenario } from './scenario.js';

/** What a round plan carries so far. Whoever teaches clients or the server another one adds it here. */
const carried: readonly HyperparameterName[] = ['learningRate', 'batchSize', 'localEpochs', 'localSteps'];

/**
 * The plan of each round of a scenario.
 *
 * A batch size is rounded to the nearest integer, halves up, and is at least 1; the client clamps it to its shard.
 *
 * @param data needed where a schedule counts steps or examples
 * @throws FedtempoError SCHEDULE_INVALID; also for a schedule that no part of a run would follow yet
 */
export function roundPlanner(scenario: Scenario, data?: DataSize): (round: number) => RoundPlan {
  refuseUncarried(scenario);
  const plan = planScenario(scenario, data);
  if (data !== undefined) checkPlan(plan);
  return (round) => {
    const { learningRate, batchSize = 'full', localEpochs, localSteps } = plan.values(round);
    const work: LocalWork = localSteps === undefined ? { localEpochs: localEpochs ?? 1 } : { localSteps };
    return Object.freeze({
      round,
      learningRate: learningRate as number,
      batchSize,
      work,
      clientOptimizer: scenario.federation.clientOptimizer,
    });
  };
}

/** A schedule that nothing follows must not pass for one that does nothing. */
function refuseUncarried({ schedules }: Scenario): void {
  for (const [name, spec] of Object.entries(schedules)) {
    if (spec === undefined) continue;
    const inside = typeof spec === 'object' && spec.unit === 'step';
    if (carried.includes(name as HyperparameterName) && !inside) continue;
    throw new FedtempoError('SCHEDULE_INVALID', 'runs do not follow this schedule yet', {
      where: `schedules.${name}`,
      found: inside ? `${name} with unit: step` : name,
      expected: `${carried.join(', ')}, by round or examples`,
      fix: 'remove it; `fedtempo schedule` shows it all the same',
    });
  }
}
