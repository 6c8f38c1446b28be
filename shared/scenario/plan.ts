/** From a scenario to the plan of its hyperparameters: what `schedules` says, and `federation` where it says nothing. */
import { FedtempoError } from '../errors.js';
import type { AdaptiveSpecs } from '../schedule/adaptive/create.js';
import { isAdaptive, plannedSpecs } from '../schedule/adaptive/specs.js';
import { referencesOf } from '../schedule/create.js';
import type { HyperparameterSpecs } from '../schedule/hyperparameters.js';
import type { KindSpec, ScheduleSpec } from '../schedule/kind.js';
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
  refuseFollowers(given);
  return { localEpochs, localSteps, cohortSize: cohort.size, ...plannedSpecs(given) };
}

/** The adaptive schedules of a scenario, and what ends it when flat. */
export function adaptiveSpecsOf({ schedules, stop }: Pick<ParsedScenario, 'schedules' | 'stop'>): AdaptiveSpecs {
  const given = Object.entries(schedules).filter(([, spec]) => isAdaptive(spec));
  const flat = stop.whenFlat === undefined ? {} : { stop: { kind: 'stopWhenFlat' as const, ...stop.whenFlat } };
  return { ...(Object.fromEntries(given) as AdaptiveSpecs), ...flat };
}

/** What an adaptive schedule will say is not known ahead, so no planned schedule can follow it. */
function refuseFollowers(schedules: Record<string, ScheduleSpec | 'full' | undefined>): void {
  for (const [name, spec] of Object.entries(schedules)) {
    if (spec === undefined || isAdaptive(spec)) continue;
    const followed = referencesOf(spec).find((other) => isAdaptive(schedules[other]));
    if (followed === undefined) continue;
    throw new FedtempoError(
      'SCHEDULE_INVALID',
      'a schedule follows an adaptive one, whose values are not known ahead',
      {
        where: `schedules.${name}`,
        found: `${name} follows ${followed}, which is ${(schedules[followed] as KindSpec).kind}`,
        expected: `a planned schedule for ${followed}`,
        fix: `give schedules.${followed} a number or a planned schedule`,
      },
    );
  }
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
