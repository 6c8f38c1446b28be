/** A cohort drawn uniformly without replacement: every set of the size is equally likely. Costs the cohort, not the population. */
import { distinctOrder, drawDistinct } from '../../math/draw-distinct.js';
import { stream } from '../../math/rng.js';

/** The clients of a round's draw, one after the other: taking the first k of them costs k. */
export function uniformOrder(population: number, seed: number, round: number): Generator<number, void> {
  return distinctOrder(stream(seed, 'cohort', round), population);
}

/**
 * The cohort of a round, ascending: the first `size` of the order.
 *
 * @param population clients in all
 * @param size 1..population
 */
export function sampleUniform(population: number, size: number, seed: number, round: number): number[] {
  return [...drawDistinct(stream(seed, 'cohort', round), population, size).sort()];
}
