/** What sets asynchronous algorithms apart; who trains when is the timeline's matter, the step along Δ the server optimizer's. */
export interface Arrival {
  /** What was kept of the task [p]. */
  readonly kept: Float32Array;
  /** τ */
  readonly staleness: number;
}

export interface AsynchronousRule {
  /** K: arrivals in a server step. */
  readonly bufferSize: number;
  /** What is kept of a trained task until it counts [p]. @param start the weights it began with @param delta its update */
  keep(start: Float32Array, delta: Float32Array): Float32Array;
  /**
   * The pseudo-gradient Δ [p], float64, of at least one arrival and at most K: fewer where tasks failed. Sums run in the
   * order given, which virtual time decides, so they are the same in every pool.
   */
  aggregate(arrivals: readonly Arrival[], weights: Float32Array): Float64Array;
}
