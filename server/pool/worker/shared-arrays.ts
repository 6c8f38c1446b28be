/** Shared memory of a worker pool, kept from round to round and grown when a longer array is asked for. */

export class SharedArrays {
  readonly #weights: Float32Array[] = [];
  readonly #sums = new Map<string, Float64Array>();
  #evaluation = new Float32Array(new SharedArrayBuffer(0)) as Float32Array;

  /** A shared copy of the weights [p] that a group begins with. */
  weights(group: number, values: Float32Array): Float32Array {
    this.#weights[group] = copy(this.#weights[group], values);
    return this.#weights[group];
  }

  /** A shared copy of the weights [p] that are evaluated while the next round may run. */
  evaluation(values: Float32Array): Float32Array {
    this.#evaluation = copy(this.#evaluation, values);
    return this.#evaluation;
  }

  /** Where a thread sums up its part of a group [p]. */
  sums(thread: number, group: number, length: number): Float64Array {
    const key = `${thread}/${group}`;
    const known = this.#sums.get(key);
    if (known?.length === length) return known;
    const made = new Float64Array(new SharedArrayBuffer(8 * length));
    this.#sums.set(key, made);
    return made;
  }
}

function copy(place: Float32Array | undefined, values: Float32Array): Float32Array {
  const fits = place?.length === values.length;
  const kept = fits ? place : new Float32Array(new SharedArrayBuffer(4 * values.length));
  kept.set(values);
  return kept;
}
