/**
 * The example-weighted mean of updates, exact: Σ n_k Δ_k / Σ n_k with no rounding that depends on order.
 *
 * Each Δ is rounded to the grid 2^−s and multiplied by n_k; both are integers in units of the grid, and float64 adds
 * integers exactly while |Σ| ≤ 2^53. The grid is the finest that the bound allows: with 6,000 examples in a cohort and
 * |Δ| ≤ 64 it is 2^−34, far below float32's own rounding. Float addition would give other last bits for each order.
 */
import { powerOfTwo } from '../math/elementary.js';
import type { Aggregator, AggregatorSpec, Contribution, Tally } from './aggregator.js';

/** |Δ| admitted: a parameter that moves further in one round has left any useful range. A power of two. */
export const MAX_DELTA = 64;

/** The finest grid: beyond 2^−60 nothing is gained, since float32 updates end near 2^−149 only around 0. */
const FINEST = 60;

/**
 * s, such that maxDelta · 2^s · examples ≤ 2^53.
 *
 * @param examples the most that one aggregate may weigh, Σ n_k, 1..2^47
 * @param maxDelta the largest |Δ|, a power of two
 * @throws RangeError beyond 2^47, where even whole numbers do not fit
 */
export function gridExponent(examples: number, maxDelta = MAX_DELTA): number {
  let exponent = FINEST;
  while (exponent > 0 && maxDelta * powerOfTwo(exponent) * examples > 2 ** 53) exponent -= 1;
  if (maxDelta * examples > 2 ** 53) throw new RangeError(`a mean over ${examples} examples does not fit its grid`);
  return exponent;
}

export class ExactMean implements Aggregator {
  readonly #scale: number;
  readonly #sums: Float64Array;
  readonly #clients = new Set<number>();
  readonly spec: AggregatorSpec;
  #examples = 0;

  /**
   * @param parameters p
   * @param maxExamples the most that the cohort can weigh in all, Σ n_k
   * @param sums [p], where the sums are kept: zeros, or with `gathered` what another thread has summed up there
   * @param maxDelta the largest |Δ|, a power of two
   */
  constructor(
    parameters: number,
    maxExamples: number,
    sums: Float64Array = new Float64Array(parameters),
    gathered?: Tally,
    maxDelta = MAX_DELTA,
  ) {
    this.#scale = powerOfTwo(gridExponent(maxExamples, maxDelta));
    this.#sums = sums;
    this.spec = { kind: 'exactMean', parameters, maxExamples, storage: parameters };
    if (gathered !== undefined) this.#count(gathered.clients, gathered.examples);
  }

  add({ client, delta, examples }: Contribution): void {
    this.#count([client], examples);
    addRounded(this.#sums, delta, this.#scale, examples);
  }

  merge(other: this): void {
    if (other.#scale !== this.#scale || other.#sums.length !== this.#sums.length) {
      throw new RangeError('only means of the same grid and length merge');
    }
    this.#count(other.#clients, other.#examples);
    for (let index = 0; index < this.#sums.length; index++) this.#sums[index] += other.#sums[index];
  }

  has(client: number): boolean {
    return this.#clients.has(client);
  }

  tally(): Tally {
    return { clients: [...this.#clients].sort((a, b) => a - b), examples: this.#examples };
  }

  finish(): Float64Array {
    if (this.#examples === 0) throw new RangeError('a mean needs at least one update');
    const divisor = this.#scale * this.#examples;
    return this.#sums.map((sum) => sum / divisor);
  }

  /** Checks first, then counts: a refusal leaves everything as it was. */
  #count(clients: Iterable<number>, examples: number): void {
    const added = [...clients];
    const twice = added.find((client) => this.#clients.has(client));
    if (twice !== undefined) throw new RangeError(`client ${twice} is already in the mean`);
    const total = this.#examples + examples;
    if (total > this.spec.maxExamples) {
      throw new RangeError(`updates weigh ${total} examples, more than the ${this.spec.maxExamples} foreseen`);
    }
    for (const client of added) this.#clients.add(client);
    this.#examples = total;
  }
}

const factors = new Float64Array(2);

/**
 * sums ← sums + ⌊scale · Δ + ½⌋ · weight. ⌊x + ½⌋ is Math.round(x) for every x of 24 bits, in half its time.
 *
 * A function of its own, and two terms at a time: as a loop within the method it takes twice as long. It takes as long, too,
 * where the engine looks at each term whether scale and weight are whole numbers; from an array of floats it knows.
 */
function addRounded(sums: Float64Array, delta: Float32Array, ...numbers: [scale: number, weight: number]): void {
  factors.set(numbers);
  const [scale, weight] = [factors[0], factors[1]];
  const even = sums.length & ~1;
  for (let index = 0; index < even; index += 2) {
    sums[index] += Math.floor(delta[index] * scale + 0.5) * weight;
    sums[index + 1] += Math.floor(delta[index + 1] * scale + 0.5) * weight;
  }
  if (even < sums.length) sums[even] += Math.floor(delta[even] * scale + 0.5) * weight;
}
