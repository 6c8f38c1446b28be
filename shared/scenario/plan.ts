/** From a scenario to the plan of its hyperparameters: what `schedules` says, and `federation` where it says nothing. */
import type { HyperparameterSpecs } from '../schedule/hyperparameters.js';
import { planRun, type RunPlan } from '../schedule/run-plan.js';
import type { ParsedScenario } from './schema.js';

/** A completed scenario, as far as schedules go. */
export interface ScheduledScenario extends Pick<ParsedScenario, 'data' | 'federation' | 'schedules'> {
  readonly federation: ParsedScenario['federation'] & { readonly cohort: { readonly size: number } };
}

/** What follows from the data, once they are open. */
export interface DataSize {
  /** n: training examples of all clients together. */
  readonly examples: number;
}

export function specsOf({ federation, schedules }: ScheduledScenario): HyperparameterSpecs {
  const { localEpochs, localSteps, cohort } = federation;
  const given = Object.fromEntries(Object.entries(schedules).filter(([, spec]) => spec !== undefined));
  return { localEpochs, localSteps, cohortSize: cohort.size, ...given };
}

/**
 * @param data undefined before the data are open; schedules that count steps or examples are refused until then
 * @throws FedtempoError SCHEDULE_INVALID
 */
export function planScenario(scenario: ScheduledScenario, data?: DataSize): RunPlan {
  return planRun(specsOf(scenario), {
    rounds: scenario.federation.rounds,
    clients: scenario.data.partition.clients,
    examples: data?.examples,
  });
}
