/** Distinct numbers drawn without replacement, at a cost that follows the draw and never what is drawn from. */
import type { RandomStream } from './rng.js';

/**
 * `size` distinct numbers of 0..among − 1 in the order of the draw; every sequence is equally likely.
 *
 * The first `size` places of a Fisher–Yates shuffle, of which only the places touched are kept.
 *
 * @param among 1..2^32
 * @param size 0..among
 */
export function drawDistinct(random: RandomStream, among: number, size: number): Uint32Array {
  const moved = new Map<number, number>();
  const drawn = new Uint32Array(size);
  for (let place = 0; place < size; place++) {
    const chosen = place + random.below(among - place);
    drawn[place] = moved.get(chosen) ?? chosen;
    moved.set(chosen, moved.get(place) ?? place);
  }
  return drawn;
}

/** The same draw one after the other, for those who do not know beforehand how many they need; slower for each. */
export function* distinctOrder(random: RandomStream, among: number): Generator<number, void> {
  const moved = new Map<number, number>();
  for (let place = 0; place < among; place++) {
    const chosen = place + random.below(among - place);
    yield moved.get(chosen) ?? chosen;
    moved.set(chosen, moved.get(place) ?? place);
  }
}
