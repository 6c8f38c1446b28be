/** What a device model means for a scenario: how long its first rounds take in virtual time. Trains nothing. */
import type { ClientData } from '../client/load-data.js';
import { AdaptiveControl } from '../server/adaptive-control.js';
import { isAsynchronous } from '../shared/federation/algorithm.js';
import { adaptiveSpecsOf } from '../shared/scenario/plan.js';
import type { RoundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { type VirtualTime, virtualTime } from '../shared/scenario/virtual-time.js';
import type { HyperparameterValues } from '../shared/schedule/hyperparameters.js';
import { duration } from './table.js';

/** Rounds that are looked at. */
const ROUNDS = 50;

/** A line for people; undefined for a scenario without devices. @throws FedtempoError DEVICES_INVALID */
export function virtualView(scenario: Scenario, { model, partition }: ClientData, planner: RoundPlanner) {
  const shardSize = (client: number) => partition.sizeOf(client);
  const virtual = virtualTime({ scenario, parameters: model.layout.parameters, shardSize });
  if (virtual === undefined) return undefined;
  // Adaptive schedules are taken as they begin.
  const overrides = new AdaptiveControl(adaptiveSpecsOf(scenario)).values();
  const values = (round: number) => planner.values(round, overrides);
  const rounds = Math.min(ROUNDS, scenario.federation.rounds);
  const asynchronous = isAsynchronous(scenario.federation.algorithm);
  const seconds = asynchronous ? stepSeconds(virtual, rounds, values) : roundSeconds(scenario, virtual, rounds, values);
  const sorted = [...seconds].sort((a, b) => a - b);
  const [least, middle, most] = [0, Math.floor(rounds / 2), rounds - 1].map((at) => duration(1000 * sorted[at]));
  const what = asynchronous ? 'server steps' : 'rounds';
  return `virtual time: the first ${rounds} ${what} take ${least} to ${most} each, ${middle} in the middle`;
}

type ValuesAt = (round: number) => HyperparameterValues;

function roundSeconds({ federation }: Scenario, virtual: VirtualTime, rounds: number, valuesAt: ValuesAt): number[] {
  let clock = 0;
  return Array.from({ length: rounds }, (_, round) => {
    const values = valuesAt(round);
    const { end } = virtual.round({ round, clock, cohortSize: values.cohortSize ?? federation.cohort.size, values });
    const seconds = end - clock;
    clock = end;
    return seconds;
  });
}

function stepSeconds(virtual: VirtualTime, steps: number, valuesAt: ValuesAt): number[] {
  const timeline = virtual.timeline(valuesAt);
  let state = timeline.init();
  let clock = 0;
  return Array.from({ length: steps }, () => {
    const next = timeline.advance(state);
    const seconds = next.flush.time - clock;
    ({ state } = next);
    clock = next.flush.time;
    return seconds;
  });
}
