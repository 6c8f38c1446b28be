/**
 * Synchronous rounds: a cohort is drawn, trains, and is waited for. In virtual time it is known beforehand who will be
 * late, surplus or gone, so only those train whose updates count.
 */
import type { TaskEvent } from '../shared/devices/simulate-round.js';
import { createAlgorithm } from '../shared/federation/algorithm.js';
import { sampleUniform } from '../shared/federation/sampler/uniform.js';
import type { VirtualRound } from '../shared/scenario/virtual-time.js';
import type { Failure } from '../shared/training/reply.js';
import { hierarchicalRounds } from './hierarchy.js';
import { plannedFailureRecord } from './planned-failure.js';
import { silenced } from './pool/faults.js';
import { type RoundResult, runRound } from './round.js';
import { longestShard, type RoundSource, type RoundSourceOptions } from './round-source.js';

export function synchronousRounds({
  scenario,
  planner,
  pool,
  shardSize,
  examples,
  states,
  virtual,
  spans,
}: RoundSourceOptions): RoundSource {
  const { federation, data, seed } = scenario;
  const { hierarchy: spec, rounds } = federation;
  const algorithm = createAlgorithm(federation.algorithm);
  const run = spec === undefined ? runRound : hierarchicalRounds(spec, rounds);
  const population = { clients: data.partition.clients, examples };
  return async ({ round, values, overrides, carried, serverValues, measure, signal }) => {
    const { weights, serverState, hierarchy, seconds: clock } = carried;
    const cohortSize = values.cohortSize ?? federation.cohort.size;
    const simulated = virtual?.round({ round, clock, cohortSize, values });
    const cohort = simulated?.selected ?? sampleUniform(data.partition.clients, cohortSize, seed, round);
    const training = simulated === undefined ? cohort : clientsOf(simulated, 'counted');
    const plan = planner.plan(round, longestShard(training, shardSize), overrides);
    const minimumReplies = Math.min(federation.minimumReplies, cohortSize);
    const rules = { plan, cohort: training, algorithm, shardSize, minimumReplies, serverValues, measure };
    const state = { weights, serverState, hierarchy, states, population };
    const trained = await run({ ...rules, ...state, pool, signal, spans });
    if (trained === undefined) return undefined;
    const result = simulated === undefined ? trained : withSimulated(trained, simulated, round);
    const seconds = simulated?.end ?? clock;
    const next = { weights: result.weights, serverState: result.serverState, hierarchy: result.hierarchy, seconds };
    return { plan, cohort, minimumReplies, result, carried: next };
  };
}

function clientsOf({ events }: VirtualRound, outcome: TaskEvent['outcome']): number[] {
  return events.flatMap((event) => (event.outcome === outcome ? [event.client] : [])).sort((a, b) => a - b);
}

/** The round with what virtual time adds to it: failures without training, time and cost. */
function withSimulated(result: RoundResult, round: VirtualRound, number: number): RoundResult {
  const planned = round.events.flatMap(({ client, time, outcome }): Failure[] => {
    const after = `after ${(time - round.start).toFixed(3)} s`;
    if (outcome === 'late') {
      const reason = `client ${client} had not replied at the deadline, ${after}`;
      return [{ kind: 'failure', round: number, client, code: 'late', reason }];
    }
    if (outcome !== 'dropped') return [];
    const fault = round.silenced.get(client);
    const failure = fault && silenced(fault, number, client);
    if (failure !== undefined) return [failure];
    const reason = `client ${client} dropped out ${after}`;
    return [{ kind: 'failure', round: number, client, code: 'dropped-out', reason }];
  });
  const byClient = (a: { client: number }, b: { client: number }) => a.client - b.client;
  return {
    ...result,
    failures: [...result.failures, ...planned].sort(byClient),
    records: [...result.records, ...planned.map(plannedFailureRecord)].sort(byClient),
    simulated: {
      seconds: round.end,
      joules: round.events.reduce((sum, { joules }) => sum + joules, 0),
      bytes: round.events.reduce((sum, { bytesDown, bytesUp }) => sum + bytesDown + bytesUp, 0),
      surplus: clientsOf(round, 'surplus'),
      meanStaleness: null,
    },
  };
}
