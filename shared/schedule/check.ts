/**
 * Finds what is wrong with schedules before a run: parameters that cannot work together, and values that leave their
 * range. Every round is looked at up to MAX_CHECKED of them; beyond that as many, spread over the run, with its ends.
 */
import { TotalsUnknown } from './kind.js';
import type { RunPlan } from './run-plan.js';

/** Rounds that are looked at. */
const MAX_CHECKED = 2000;

/**
 * @returns false if some check must wait until the data are open
 * @throws FedtempoError SCHEDULE_INVALID
 */
export function checkPlan(plan: RunPlan): boolean {
  const rounds = spread(plan.totals.rounds, MAX_CHECKED);
  let complete = true;
  for (const name of plan.resolver.names) {
    try {
      plan.resolver.make(name);
      for (const round of rounds) plan.resolver.value(name, plan.progressAt(round));
      // The last step of all, where a schedule that counts steps is nearest to its end.
      if (plan.resolver.unitOf(name) === 'step') {
        for (const round of rounds) plan.along(name, round)(plan.stepsIn(round) - 1);
      }
    } catch (error) {
      if (!(error instanceof TotalsUnknown)) throw error;
      complete = false;
    }
  }
  return complete;
}

/** About `most` of 0..count − 1, evenly spread, the first and the last among them. */
export function spread(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, index) => index);
  const all = Array.from({ length: most }, (_, index) => Math.round((index * (count - 1)) / (most - 1)));
  return [...new Set(all)];
}
