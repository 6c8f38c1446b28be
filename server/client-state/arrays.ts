/** Arrays [p] in shared memory up to a stated number, used again and again. */

export class Arrays {
  readonly #length: number;
  /** How many there may be. */
  readonly most: number;
  readonly #free: Float32Array[] = [];
  #made = 0;

  /** @param length p */
  constructor(length: number, most: number) {
    this.#length = length;
    this.most = most;
  }

  /** Whether there are more than there may be. */
  get over(): boolean {
    return this.#made > this.most;
  }

  /** Whether another one stays within the stated number. */
  get available(): boolean {
    return this.#free.length > 0 || this.#made < this.most;
  }

  /** One that nobody uses, with any content; beyond the stated number if need be. */
  take(): Float32Array {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made += 1;
    return new Float32Array(new SharedArrayBuffer(4 * this.#length));
  }

  give(array: Float32Array): void {
    if (this.over) this.#made -= 1;
    else this.#free.push(array);
  }
}
