/**
 * One round of a hierarchical federation: clients train from their edge's weights, edges step, and in a cloud round the
 * cloud takes a step with the mean of the edges. While the edges still stand at the cloud's weights, the mean is that of
 * the clients, from the edges' partial sums; so period 1 has the bits of a flat federation.
 */
import type { Aggregator } from '../shared/federation/aggregator.js';
import {
  cloudMean,
  edgeOf,
  type Hierarchy,
  type HierarchySpec,
  isCloudRound,
  withEdgeStep,
} from '../shared/federation/hierarchy.js';
import type { Collected } from './collect.js';
import type { TaskGroup } from './pool/pool.js';
import { createCohortAggregator, dispatchRound, type RoundInput, type RunRound, shareOf } from './round.js';
import { spreadOf } from './update-spread.js';

/** The clients of the cohort at one edge. */
interface EdgeGroup extends TaskGroup {
  readonly edge: number;
  readonly aggregator: Aggregator;
}

/** @param totalRounds T: after the last round the edges are averaged whatever the period is */
export function hierarchicalRounds(spec: HierarchySpec, totalRounds: number): RunRound {
  return (input) => {
    const before: Hierarchy = input.hierarchy ?? { cloud: input.weights, moved: new Map() };
    const groups = groupsOf(input, before, spec);
    const cloudRound = isCloudRound(input.plan.round, spec, totalRounds);
    return dispatchRound(input, groups, (collected) => step(input, collected, { before, groups, cloudRound }));
  };
}

/** A group for each edge with clients in the cohort, ascending; each has its edge's weights and an aggregator of its own. */
function groupsOf(input: RoundInput, { cloud, moved }: Hierarchy, spec: HierarchySpec): EdgeGroup[] {
  const members = new Map<number, number[]>();
  for (const client of input.cohort) {
    const edge = edgeOf(client, spec);
    const known = members.get(edge);
    if (known === undefined) members.set(edge, [client]);
    else known.push(client);
  }
  const edges = [...members].sort(([a], [b]) => a - b);
  return edges.map(([edge, clients]) => {
    const weights = moved.get(edge)?.weights ?? cloud;
    // All on the grid of the whole cohort, so that they merge.
    return { edge, plan: input.plan, clients, weights, aggregator: createCohortAggregator(input) };
  });
}

interface Setting {
  readonly before: Hierarchy;
  readonly groups: readonly EdgeGroup[];
  readonly cloudRound: boolean;
}

function step(input: RoundInput, { updates }: Collected, { before, groups, cloudRound }: Setting) {
  const { algorithm, measure, serverState } = input;
  const committed = updates.length >= input.minimumReplies;
  const counted = groups.filter(({ aggregator }) => aggregator.tally().examples > 0);
  const together = before.moved.size === 0;
  const clientMean = counted.length > 0 && (together || measure) ? meanOfAll(input, counted) : undefined;
  const spread = clientMean !== undefined && measure ? spreadOf(updates, clientMean) : null;
  const server = input.serverValues(spread);

  let edges = before;
  if (committed && !(together && cloudRound)) {
    for (const { edge, aggregator } of counted) {
      edges = withEdgeStep(edges, edge, { mean: aggregator.finish(), examples: aggregator.tally().examples });
    }
  }
  const ofClients = committed ? clientMean : undefined;
  const mean = together ? ofClients : cloudMean(edges);
  const share = shareOf(updates, algorithm.weighting, input.population);
  const next = mean && algorithm.serverStep(before.cloud, mean, server, serverState, share);
  const weights = next?.weights ?? before.cloud;
  if (!cloudRound) return { weights, serverState, server, spread, committed, hierarchy: edges };
  const state = next === undefined ? serverState : next.state;
  return { weights, serverState: state, server, spread, committed, hierarchy: { cloud: weights, moved: new Map() } };
}

/** Σ n_k Δ_k / Σ n_k over the clients of all edges, from their partial sums. */
function meanOfAll(input: RoundInput, groups: readonly EdgeGroup[]): Float64Array {
  const whole = createCohortAggregator(input);
  for (const { aggregator } of groups) whole.merge(aggregator);
  return whole.finish();
}
