/**
 * Hierarchical federated averaging: clients average at their edge in every round, edges at the cloud in every κ-th.
 *
 *     edge e, each round       w_e ← w_e + Σ n_k Δ_k / Σ n_k        over its clients of the cohort
 *     cloud, each κ-th round   w ← step(w, Σ n_e (w_e − w) / Σ n_e),  then w_e ← w for all e
 *
 * n_e counts the examples of all updates that edge e has taken since the last cloud round. The server's learning rate and
 * momentum act in the cloud's step alone.
 *
 * Liu, Zhang, Song, Letaief, "Client-edge-cloud hierarchical federated learning", ICC 2020, algorithm 1: their κ₁ is the
 * local work, their κ₂ is κ. Client c belongs to edge c mod E, so that neighbours in an ordered partition are apart.
 */
import { z } from 'zod';
import { ExactMean } from './exact-mean.js';

export const hierarchySchema = z
  .strictObject({
    edges: z.int().min(1).max(10_000).describe('E: edge servers; client c belongs to edge c mod E.'),
    period: z.int().min(1).max(1000).describe('κ: rounds from one averaging of the edges at the cloud to the next.'),
  })
  .describe('Edge servers between clients and cloud (Liu et al. 2020). Leave it out for a flat federation.');

export type HierarchySpec = z.output<typeof hierarchySchema>;

/** An edge that has moved since the last cloud round. */
export interface Edge {
  /** w_e [p] */
  readonly weights: Float32Array;
  /** n_e */
  readonly examples: number;
}

/** What edges and cloud carry from round to round. Nobody changes it: a round makes a new one. */
export interface Hierarchy {
  /** w: the cloud's weights after the last cloud round [p]. */
  readonly cloud: Float32Array;
  /** By number, ascending; every other edge stands at the cloud's weights. */
  readonly moved: ReadonlyMap<number, Edge>;
}

export function edgeOf(client: number, { edges }: HierarchySpec): number {
  return client % edges;
}

/** Whether the edges are averaged after a round; after the last one they always are. */
export function isCloudRound(round: number, { period }: HierarchySpec, totalRounds: number): boolean {
  return (round + 1) % period === 0 || round + 1 === totalRounds;
}

/** The edges with one of them moved by the mean of its clients' updates [p]. */
export function withEdgeStep(
  { cloud, moved }: Hierarchy,
  edge: number,
  { mean, examples }: { mean: Float64Array; examples: number },
): Hierarchy {
  const before = moved.get(edge) ?? { weights: cloud, examples: 0 };
  const weights = before.weights.map((weight, index) => weight + mean[index]);
  const next = new Map(moved).set(edge, { weights, examples: before.examples + examples });
  return { cloud, moved: new Map([...next].sort(([a], [b]) => a - b)) };
}

/**
 * Σ n_e (w_e − w) / Σ n_e [p], float64, each difference rounded to float32 once; exact but for the grid, which is as fine
 * as the largest difference allows. Undefined if no edge has moved.
 */
export function cloudMean({ cloud, moved }: Hierarchy): Float64Array | undefined {
  if (moved.size === 0) return undefined;
  let [largest, examples] = [0, 0];
  for (const edge of moved.values()) {
    examples += edge.examples;
    for (let index = 0; index < cloud.length; index++) {
      largest = Math.max(largest, Math.abs(edge.weights[index] - cloud[index]));
    }
  }
  const mean = new ExactMean(cloud.length, examples, undefined, undefined, powerOfTwoAbove(largest));
  const delta = new Float32Array(cloud.length);
  for (const [edge, { weights, examples: weight }] of moved) {
    for (let index = 0; index < delta.length; index++) delta[index] = weights[index] - cloud[index];
    mean.add({ client: edge, delta, examples: weight });
  }
  return mean.finish();
}

/** The smallest power of two, 2^−60 at least, that is no smaller: a whole number of grid steps. */
function powerOfTwoAbove(value: number): number {
  let power = 2 ** -60;
  while (power < value) power *= 2;
  return power;
}
