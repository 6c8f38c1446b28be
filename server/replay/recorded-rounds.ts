/**
 * Rounds of a served run, done again: their cohorts are those that were asked then, since who was there, how many were asked
 * in excess and which attempt succeeded depended on the clients. Attempts that were abandoned left the model as it was.
 */
import { createAlgorithm } from '../../shared/federation/algorithm.js';
import { runRound } from '../round.js';
import { longestShard, type RoundSource, type RoundSourceOptions } from '../round-source.js';

/** @param cohorts of the rounds in order, each ascending; there are no rounds beyond them */
export function recordedRoundSource(
  { scenario, planner, pool, shardSize, examples, spans }: RoundSourceOptions,
  cohorts: readonly (readonly number[])[],
): RoundSource {
  const { federation, data } = scenario;
  const algorithm = createAlgorithm(federation.algorithm);
  const population = { clients: data.partition.clients, examples };
  return async ({ round, values, overrides, carried, serverValues, measure, signal }) => {
    const cohort = cohorts[round];
    if (cohort === undefined) return undefined;
    const { weights, serverState, seconds } = carried;
    const plan = planner.plan(round, longestShard(cohort, shardSize), overrides);
    const minimumReplies = Math.min(federation.minimumReplies, values.cohortSize ?? federation.cohort.size);
    const rules = { plan, cohort, algorithm, shardSize, minimumReplies, serverValues, measure };
    const result = await runRound({ ...rules, weights, serverState, population, pool, signal, spans });
    if (result === undefined) return undefined;
    const next = { weights: result.weights, serverState: result.serverState, hierarchy: undefined, seconds };
    return { plan, cohort, minimumReplies, result, carried: next };
  };
}
