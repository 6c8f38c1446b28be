/** Resolves number-or-schedule once a round into the frozen plan that every client of the round gets. */
import { createClientOptimizer } from '../optimizer/client-optimizer.js';
import { createSchedule } from '../schedule/create.js';
import type { BatchSize, RoundPlan } from '../training/round-plan.js';
import { localWorkOf, type Scenario } from './scenario.js';

/**
 * The plan of each round of a scenario.
 *
 * A batch size is rounded to the nearest integer, halves up, and is at least 1; the client clamps it to its shard.
 */
export function roundPlanner(scenario: Scenario): (round: number) => RoundPlan {
  const { federation, schedules } = scenario;
  const totalRounds = federation.rounds;
  const learningRate = createSchedule(schedules.learningRate, totalRounds);
  const batchSize = batchSizeOf(schedules.batchSize, totalRounds);
  const work = localWorkOf(scenario);
  const { kind, ...constants } = federation.clientOptimizer;
  const clientOptimizer = createClientOptimizer(kind, constants);
  return (round) =>
    Object.freeze({
      round,
      learningRate: learningRate.at({ round, totalRounds }),
      batchSize: batchSize(round),
      work,
      clientOptimizer,
    });
}

function batchSizeOf(spec: Scenario['schedules']['batchSize'], totalRounds: number): (round: number) => BatchSize {
  if (spec === 'full') return () => 'full';
  const schedule = createSchedule(spec, totalRounds);
  return (round) => Math.max(1, Math.round(schedule.at({ round, totalRounds })));
}
