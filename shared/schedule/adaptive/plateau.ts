/**
 * When a measure has stopped improving: what reduce-on-plateau, grow-batch-on-plateau and stop-when-flat share.
 *
 * A round is good if the measure beats the best so far: below best · (1 − rtol) − atol for a loss, above
 * best · (1 + rtol) + atol for accuracy; the first one always is. A round in which it was not measured, or was no
 * number, counts for nothing or as bad. `patience` bad rounds in a row make a plateau (rule `optax`), or `patience` + 1
 * (rule `pytorch`). Then counting starts anew, after `cooldown` rounds in which bad ones are not counted.
 */
import { z } from 'zod';
import type { RoundMetrics, watchedMetrics } from './adaptive.js';

export interface PlateauState {
  /** Null before the first measure. */
  readonly best: number | null;
  readonly bad: number;
  readonly cooldown: number;
  /** Plateaus so far. */
  readonly plateaus: number;
}

export const plateauFields = {
  patience: z.int().min(1).max(1_000_000).default(10).describe('Bad rounds in a row until something happens.'),
  rule: z
    .enum(['optax', 'pytorch'])
    .default('optax')
    .describe('optax: at the patience-th bad round; pytorch: at the one after it.'),
  rtol: z.number().nonnegative().lt(1).default(1e-4).describe('Improvement that counts, relative to the best.'),
  atol: z.number().nonnegative().default(0).describe('Improvement that counts, absolute, on top.'),
};

export interface PlateauRule {
  readonly metric: (typeof watchedMetrics)[number];
  readonly patience: number;
  readonly rule: 'optax' | 'pytorch';
  readonly rtol: number;
  readonly atol: number;
  readonly cooldown: number;
}

export const noPlateau: PlateauState = { best: null, bad: 0, cooldown: 0, plateaus: 0 };

export function watchPlateau(rule: PlateauRule, state: PlateauState, metrics: RoundMetrics): PlateauState {
  const measure = metrics[rule.metric];
  if (measure === null) return state;
  const good = improves(rule, measure, state.best);
  const best = good ? measure : state.best;
  if (state.cooldown > 0) return { ...state, best, bad: 0, cooldown: state.cooldown - 1 };
  const bad = good ? 0 : state.bad + 1;
  const limit = rule.rule === 'optax' ? rule.patience : rule.patience + 1;
  if (bad < limit) return { ...state, best, bad };
  return { best, bad: 0, cooldown: rule.cooldown, plateaus: state.plateaus + 1 };
}

function improves({ metric, rtol, atol }: PlateauRule, measure: number, best: number | null): boolean {
  // A measure that is no number never improves on anything, and is never the best.
  if (!Number.isFinite(measure)) return false;
  if (best === null) return true;
  return metric === 'testAccuracy' ? measure > best * (1 + rtol) + atol : measure < best * (1 - rtol) - atol;
}
