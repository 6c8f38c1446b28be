/**
 * Bounds the uploads that are on their way, or have come and are not judged yet: one is granted when those before it have left
 * room, in order of asking. A few are granted at a time, and the next few not before the event loop has seen to what has
 * come, so that a thousand that ask at one moment do not send at one moment.
 */

export interface CreditOptions {
  /** Bytes of one upload. */
  readonly uploadBytes: number;
  /** Bytes of all of them at a time; one may always come. */
  readonly inboundBytes: number;
  readonly uploadMs: number;
  /** Whether this thread has not yet seen to all that came. */
  readonly behind?: () => boolean;
}

/** In each `PACE_MS` so many uploads are granted at most, or so many bytes of them; one may always be. */
const PACE_MS = 5;
const PACE_UPLOADS = 16;
const PACE_BYTES = 4 * 1024 * 1024;

export class Credit<Holder> {
  readonly #options: CreditOptions;
  readonly #most: number;
  readonly #atOnce: number;
  readonly #granted = new Map<Holder, NodeJS.Timeout>();
  readonly #waiting = new Map<Holder, () => void>();
  /** Uploads that have come and still take memory. */
  #held = 0;
  /** Grants since the pace began, and the timer with which the next one begins. */
  #given = 0;
  #pace: NodeJS.Timeout | undefined;
  readonly #onExpired: (holder: Holder) => void;

  /** @param onExpired told of a holder whose upload did not come in time; its grant is gone then */
  constructor(options: CreditOptions, onExpired: (holder: Holder) => void) {
    this.#options = options;
    const uploadsIn = (bytes: number) => Math.max(1, Math.floor(bytes / Math.max(1, options.uploadBytes)));
    this.#most = uploadsIn(options.inboundBytes);
    this.#atOnce = Math.min(PACE_UPLOADS, uploadsIn(PACE_BYTES));
    this.#onExpired = onExpired;
  }

  /** Uploads that are on their way, or have come and are not done with. */
  get used(): number {
    return this.#granted.size + this.#held;
  }

  has(holder: Holder): boolean {
    return this.#granted.has(holder);
  }

  /** @param grant called when the upload may begin, at once or later */
  ask(holder: Holder, grant: () => void): void {
    if (this.#granted.has(holder)) return grant();
    this.#waiting.set(holder, grant);
    this.#serve();
  }

  /** The upload has come: its grant is used up. @returns to be called once, when its bytes are not needed any more */
  received(holder: Holder): () => void {
    this.#held += 1;
    this.release(holder);
    return () => {
      this.#held -= 1;
      this.#serve();
    };
  }

  /** The upload will not come. */
  release(holder: Holder): void {
    this.#waiting.delete(holder);
    const timer = this.#granted.get(holder);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#granted.delete(holder);
    this.#serve();
  }

  #serve(): void {
    for (const [holder, grant] of this.#waiting) {
      if (this.used >= this.#most || this.#given >= this.#atOnce) return;
      this.#given += 1;
      this.#pace ??= setTimeout(this.#next, PACE_MS);
      this.#waiting.delete(holder);
      const expire = () => {
        this.release(holder);
        this.#onExpired(holder);
      };
      this.#granted.set(holder, setTimeout(expire, this.#options.uploadMs));
      grant();
    }
  }

  readonly #next = () => {
    this.#pace = undefined;
    if (this.#options.behind?.()) {
      this.#pace = setTimeout(this.#next, PACE_MS);
      return;
    }
    this.#given = 0;
    this.#serve();
  };
}
