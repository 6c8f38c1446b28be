/** A cohort drawn uniformly without replacement: every set of the size is equally likely. Costs the cohort, not the population. */
import { stream } from '../../math/rng.js';

/**
 * The cohort of a round, ascending.
 *
 * The first `size` places of a Fisher–Yates shuffle of 0..population − 1, of which only the places touched are kept.
 *
 * @param population clients in all
 * @param size 1..population
 */
export function sampleUniform(population: number, size: number, seed: number, round: number): number[] {
  const random = stream(seed, 'cohort', round);
  const moved = new Map<number, number>();
  const cohort: number[] = [];
  for (let place = 0; place < size; place++) {
    const chosen = place + random.below(population - place);
    cohort.push(moved.get(chosen) ?? chosen);
    moved.set(chosen, moved.get(place) ?? place);
  }
  return cohort.sort((a, b) => a - b);
}
