/**
 * What a client keeps from one round to the next, as an algorithm sees it: one float32 array [p] that begins as zeros. It
 * lives beside the coordinator, so that any worker or process may train any client and none takes a state with it when it
 * ends. Whoever has a client trained borrows its state and says whether the change counts.
 */

export interface LentState {
  /** The state to train with [p]; nobody changes it. Undefined stands for zeros: the client was never counted. */
  readonly before: Float32Array | undefined;
  /** Where the new state goes [p]. */
  readonly after: Float32Array;
}

export interface ClientStates {
  /** How many states may be lent at a time within the stated memory, ≥ 1. More are lent, but then take more. */
  readonly room: number;
  /** Lends a client's state; one loan of a client at a time. */
  lend(client: number): LentState;
  /**
   * Ends a loan.
   *
   * @param counted whether `after` holds the new state; else the client's state is as it was
   */
  settle(client: number, counted: boolean): void;
}

/** The new state: before ⊕ change, float32. */
export function writeState({ before, after }: LentState, change: Float32Array): void {
  if (before === undefined) return after.set(change);
  for (let index = 0; index < after.length; index++) after[index] = before[index] + change[index];
}
