/**
 * The one source of randomness: `stream(seed, purpose, round, client)`.
 *
 * Two streams that differ in any of the four parts are independent; the same four parts give the same numbers in
 * every engine, thread and process. Nothing in fedtempo that reaches a result draws from anywhere else.
 */

import { cosine, logarithm } from './elementary.js';
import { philoxBlock } from './philox.js';

/** What a stream is for. The numbers are part of every digest: append, never renumber. */
export const purposes = {
  initialization: 1,
  partition: 2,
  cohort: 3,
  batches: 4,
  synthetic: 5,
  /** What a client's device is: the round slot is the number of the quantity. */
  device: 20,
  /** What befalls a client's device in one task: the round slot is the round, or the task's number. */
  deviceTask: 21,
  /** Whether a device is available: the round slot is the hour. */
  availability: 22,
  /** Whether a fault rule concerns a client: the round slot is the number of the rule. */
  faulty: 30,
  /** Whether a fault happens. */
  fault: 31,
  /** What a fault makes of an update. */
  tamper: 32,
} as const;

export type Purpose = keyof typeof purposes;

/** The largest seed: seeds are safe integers from 0. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** A sequence of random numbers. Drawing advances it; it has no other state. */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #purpose: number;
  readonly #round: number;
  readonly #client: number;
  readonly #words = new Uint32Array(4);
  #block = 0;
  #used = 4;

  constructor(seed: number, purpose: Purpose, round: number, client: number) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#purpose = purposes[purpose];
    this.#round = round >>> 0;
    this.#client = client >>> 0;
  }

  /** An integer, uniform in 0..2^32 − 1. */
  uint32(): number {
    if (this.#used === 4) {
      philoxBlock([this.#block++, this.#purpose, this.#round, this.#client], this.#key, this.#words);
      this.#used = 0;
    }
    return this.#words[this.#used++];
  }

  /** A float64, uniform in [0, 1), a multiple of 2^−53. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** An integer, uniform in 0..bound − 1, without bias (draws that would bias it are rejected). 1 ≤ bound ≤ 2^32. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  /** A float64 from the standard normal distribution (Box and Muller 1958; the cosine half). */
  normal(): number {
    const radius = Math.sqrt(-2 * logarithm(1 - this.uniform()));
    return radius * cosine(2 * Math.PI * this.uniform());
  }

  /** A float64 ≥ 0 from the exponential distribution with mean 1, −ln u. */
  exponential(): number {
    return -logarithm(1 - this.uniform());
  }

  /** Shuffles in place (Fisher and Yates, from the end); every order is equally likely. */
  shuffle(values: Uint32Array): void {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = values[last];
      values[last] = values[other];
      values[other] = kept;
    }
  }
}

/**
 * The stream of one purpose, round and client under a seed.
 *
 * @param seed integer 0..2^53 − 1
 * @param round 0-based round, or 0 where the purpose knows no rounds
 * @param client 0-based client, or 0 where the purpose knows no clients
 */
export function stream(seed: number, purpose: Purpose, round = 0, client = 0): RandomStream {
  return new RandomStream(seed, purpose, round, client);
}
