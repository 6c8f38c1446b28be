/** Shared memory of a worker pool, kept from round to round and grown when a longer array is asked for. */

export class SharedArrays {
  readonly #copies = new Map<string, Float32Array>();
  readonly #sums = new Map<string, Float64Array>();

  /** A shared copy of the weights [p] that a group begins with. */
  weights(group: number, values: Float32Array): Float32Array {
    return this.#copy(`weights ${group}`, values);
  }

  /** A shared copy of the server's control variate [p] of a group. */
  control(group: number, values: Float32Array): Float32Array {
    return this.#copy(`control ${group}`, values);
  }

  /** A shared copy of the weights [p] that are evaluated while the next round may run. */
  evaluation(values: Float32Array): Float32Array {
    return this.#copy('evaluation', values);
  }

  /** Where a thread sums up its part of a group [length]. */
  sums(thread: number, group: number, length: number): Float64Array {
    const key = `${thread}/${group}`;
    const known = this.#sums.get(key);
    if (known?.length === length) return known;
    const made = new Float64Array(new SharedArrayBuffer(8 * length));
    this.#sums.set(key, made);
    return made;
  }

  #copy(name: string, values: Float32Array): Float32Array {
    const known = this.#copies.get(name);
    const kept = known?.length === values.length ? known : new Float32Array(new SharedArrayBuffer(4 * values.length));
    kept.set(values);
    this.#copies.set(name, kept);
    return kept;
  }
}
