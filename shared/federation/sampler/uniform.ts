/** A cohort drawn uniformly without replacement: every set of the size is equally likely. Costs the cohort, not the population. */
import { drawDistinct } from '../../math/draw-distinct.js';
import { stream } from '../../math/rng.js';

/**
 * The cohort of a round, ascending.
 *
 * @param population clients in all
 * @param size 1..population
 */
export function sampleUniform(population: number, size: number, seed: number, round: number): number[] {
  return [...drawDistinct(stream(seed, 'cohort', round), population, size).sort()];
}
