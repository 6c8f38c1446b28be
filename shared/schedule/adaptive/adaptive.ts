/**
 * A schedule that listens to the run: its value follows from what rounds measured, so it cannot be a pure function of
 * progress and is another type. All its memory is an explicit state of plain JSON: saved in checkpoints, restored, and
 * then it goes on with the same values. `observe` and `value` are pure; the same metrics give the same state everywhere.
 */
import { z } from 'zod';

/** What the coordinator measured in one round. Null where it was not: no evaluation was due, no update came. */
export interface RoundMetrics {
  readonly round: number;
  readonly trainLoss: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  /** What the updates Δ_k of the round, weighted by p_k = n_k/Σn, say together. */
  readonly updates: UpdateSpread | null;
}

/**
 * The moments of a round's updates. With m equal weights Σp² = 1/m: then `meanSquaredNorm` is Σ‖Δ_k‖²/m.
 *
 * An unbiased estimate of the variance between updates is (meanSquaredNorm − squaredNormOfMean) / (1 − Σp²).
 */
export interface UpdateSpread {
  /** m: updates that were counted. */
  readonly count: number;
  /** Σ p_k ‖Δ_k‖² */
  readonly meanSquaredNorm: number;
  /** ‖Σ p_k Δ_k‖² */
  readonly squaredNormOfMean: number;
  /** Σ p_k² */
  readonly sumOfSquaredWeights: number;
  /** Examples that one update was computed from, on average, each counted once for each use. */
  readonly examplesPerUpdate: number;
}

export interface Adaptive<State = unknown, Value = number> {
  /**
   * When the coordinator observes: after a round, for the next one; or, for a server step, once the round's updates are
   * in and before they are applied, for this one.
   */
  readonly observes: 'round' | 'updates';
  init(): State;
  observe(state: State, metrics: RoundMetrics): State;
  value(state: State): Value;
}

export interface AdaptiveKind<Shape extends z.ZodObject, State, Value = number> {
  readonly schema: Shape;
  create(parameters: z.output<Shape>): Adaptive<State, Value>;
}

export function defineAdaptive<Shape extends z.ZodObject, State, Value = number>(
  kind: AdaptiveKind<Shape, State, Value>,
): AdaptiveKind<Shape, State, Value> {
  return kind;
}

/** Which measure a plateau is seen in; losses should fall, accuracy should rise. */
export const watchedMetrics = ['trainLoss', 'testLoss', 'testAccuracy'] as const;
export const watched = z.enum(watchedMetrics).default('testLoss').describe('The measure that should improve.');
