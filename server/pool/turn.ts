/**
 * Keeps one pass of the event loop short while many peers send at once. The loop handles all sockets that have something before it
 * looks at anything else, so a thousand updates at a moment would let a health check wait for them all. Once a turn has
 * taken its share, what comes is put off to the next ones, in order, and its sender is not read from until then.
 */

/** What a turn may take for what came, and again for what was put off. */
export const SHARE_MS = 5;

export class Turn {
  #began: number | undefined;
  #waiting: (() => void)[] = [];

  /** Whether work should be put off. Asked once before each piece of it. */
  get over(): boolean {
    if (this.#began !== undefined) return this.#waiting.length > 0 || performance.now() - this.#began > SHARE_MS;
    this.#began = performance.now();
    setImmediate(this.#next);
    return false;
  }

  /** Whether there is work that was put off. */
  get behind(): boolean {
    return this.#waiting.length > 0;
  }

  /** Has work done in one of the next turns. It must not throw. */
  later(work: () => void): void {
    this.#waiting.push(work);
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  readonly #next = () => {
    const began = performance.now();
    let done = 0;
    while (done < this.#waiting.length && performance.now() - began < SHARE_MS) this.#waiting[done++]();
    this.#waiting = this.#waiting.slice(done);
    this.#began = undefined;
    if (this.#waiting.length === 0) return;
    this.#began = began;
    setImmediate(this.#next);
  };
}

/** That of this thread, which has one event loop. */
export const turn = new Turn();
