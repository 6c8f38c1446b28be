/**
 * The one task that a client has, and what came of it. It outlives the connection: an update whose acknowledgement did not
 * come is offered again over the next one, signed anew; a task that is asked for again is not trained again.
 */
import type { Update } from '../../shared/training/reply.js';

export interface TaskKey {
  readonly run: string;
  readonly round: number;
  readonly nonce: string;
}

export interface Outgoing extends TaskKey {
  readonly update: Update;
  /** SHA-256 of the update's parameters, in hexadecimal. */
  readonly digest: string;
}

export class Outbox {
  #key: TaskKey | undefined;
  #outgoing: Outgoing | undefined;
  #acknowledged = false;

  /** Whether a task is the one that the client has. */
  has(key: TaskKey): boolean {
    return this.#key?.run === key.run && this.#key.round === key.round && this.#key.nonce === key.nonce;
  }

  /** Begins another task; what came of the one before is not wanted any more. */
  begin({ run, round, nonce }: TaskKey): void {
    this.#key = { run, round, nonce };
    this.#outgoing = undefined;
    this.#acknowledged = false;
  }

  /** The task has an update. False if another one has begun since. */
  put(outgoing: Outgoing): boolean {
    if (!this.has(outgoing)) return false;
    this.#outgoing = outgoing;
    return true;
  }

  /** The task failed: if it is asked for again, it is tried again. */
  drop(key: TaskKey): void {
    if (this.has(key)) this.#key = undefined;
  }

  /** What came of the present task, if it is done. */
  get outgoing(): Outgoing | undefined {
    return this.#outgoing;
  }

  /** The same unless its receipt was acknowledged. */
  get unacknowledged(): Outgoing | undefined {
    return this.#acknowledged ? undefined : this.#outgoing;
  }

  /** The coordinator has said what became of it. */
  acknowledge({ run, round }: Pick<TaskKey, 'run' | 'round'>): void {
    if (this.#key?.run === run && this.#key.round === round) this.#acknowledged = true;
  }
}
