/** A cohort drawn uniformly without replacement: every set of the size is equally likely. Costs the cohort, not the population. */
import { stream } from '../../math/rng.js';

/**
 * The clients of a round's Fisher–Yates shuffle of 0..population − 1, one after the other. Only the places touched are
 * kept, so taking the first k of them costs k.
 */
export function* uniformOrder(population: number, seed: number, round: number): Generator<number, void> {
  const random = stream(seed, 'cohort', round);
  const moved = new Map<number, number>();
  for (let place = 0; place < population; place++) {
    const chosen = place + random.below(population - place);
    yield moved.get(chosen) ?? chosen;
    moved.set(chosen, moved.get(place) ?? place);
  }
}

/**
 * The cohort of a round, ascending: the first `size` of the order.
 *
 * @param population clients in all
 * @param size 1..population
 */
export function sampleUniform(population: number, size: number, seed: number, round: number): number[] {
  const cohort: number[] = [];
  for (const client of uniformOrder(population, seed, round)) {
    cohort.push(client);
    if (cohort.length === size) break;
  }
  return cohort.sort((a, b) => a - b);
}
