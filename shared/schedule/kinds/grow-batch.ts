/**
 * Two ways of trading learning-rate decay for batch growth. Both are written under `learningRate` with the decay that
 * would be used at a fixed batch; `batchSize: { kind: fromLearningRate }` takes the other side.
 *
 * With f_t = decay_t / decay_0 the factor that the decay has reached:
 * - growBatchInsteadOfDecay: B_t = B₀/f_t while it is within the cap, and η_t = decay_t · B_t/B₀. The ratio η/B, to which
 *   the noise of SGD is proportional, is that of the decay in every round, rounded and capped batches included; while
 *   B₀/f_t is whole and within the cap, η stays at decay_0 to the bit.
 *   Smith et al. (2018), "Don't Decay the Learning Rate, Increase the Batch Size".
 * - seesaw: each time the decay falls by `cut`, η falls by √cut and B grows by cut, so that η/√B is that of the decay.
 *   At the cap the rate takes over: η = decay · √(B/B₀), the decay taken at the cuts.
 *   Meterez et al. (2025), "Seesaw: Accelerating Training by Balancing Learning Rate and Batch Size Scheduling".
 */
import { z } from 'zod';
import { logarithm, power } from '../../math/elementary.js';
import { defineKind, invalid, type KindContext, type ScheduleSpec } from '../kind.js';
import { hyperparameters, settle } from '../names.js';
import type { Curve, Progress, Unit } from '../schedule.js';

/** Relative distance within which a growing batch counts as whole: rounding of f_t, not a real difference. */
const WHOLE = 1e-9;

/** Both sides of a trade at one moment. */
interface Sides {
  readonly rate: number;
  readonly batchSize: number;
}

interface Parameters {
  readonly decay: ScheduleSpec;
  readonly startBatchSize: number;
  readonly maxBatchSize: number;
}

const parameters = (nested: z.ZodType<ScheduleSpec>) => ({
  decay: nested.describe('The learning rate that would be used at a fixed batch; more than 0 at t = 0.'),
  startBatchSize: z.int().min(1).describe('B₀: the batch size at the start.'),
  maxBatchSize: z.int().min(1).describe('The cap; from there on the learning rate falls instead.'),
});

export const growBatchInsteadOfDecay = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({ kind: z.literal('growBatchInsteadOfDecay'), ...parameters(nested) }),
    create(parameters, context) {
      const sides = growSides(parameters, context);
      return (t, progress) => sides(t, progress).rate;
    },
  });

export const seesaw = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('seesaw'),
      ...parameters(nested),
      cut: z.number().gt(1).max(1000).default(2).describe('α: the fall of the decay at which both sides move.'),
    }),
    create(parameters, context) {
      const sides = seesawSides(parameters, context);
      return (t, progress) => sides(t, progress).rate;
    },
  });

/** The batch side of the two kinds above. */
export const fromLearningRate = defineKind({
  schema: z.strictObject({ kind: z.literal('fromLearningRate') }),
  refersTo: ['learningRate'],
  create(_, context) {
    const spec = context.specOf('learningRate');
    const partner = typeof spec === 'object' ? spec.kind : undefined;
    if (partner !== 'growBatchInsteadOfDecay' && partner !== 'seesaw') {
      throw invalid(context, 'kind', 'the learning rate does not say how the batch grows', {
        found: `learningRate ${partner === undefined ? 'without a kind' : `of kind ${partner}`}`,
        expected: 'schedules.learningRate of kind growBatchInsteadOfDecay or seesaw',
        fix: 'change schedules.learningRate, or give the batch size a schedule of its own',
      });
    }
    const { unit = 'round', ...rest } = spec as unknown as { unit?: Unit } & Parameters & { cut: number };
    if (unit !== context.unit) {
      throw invalid(context, 'unit', 'both sides of a trade count in one unit', {
        found: `batchSize in ${context.unit}, learningRate in ${unit}`,
        expected: `unit: ${unit}`,
        fix: 'write the same unit under both',
      });
    }
    const side = { ...context, path: 'schedules.learningRate' };
    const sides = partner === 'seesaw' ? seesawSides(rest, side) : growSides(rest, side);
    return (t, progress) => sides(t, progress).batchSize;
  },
});

function growSides(parameters: Parameters, context: KindContext) {
  const { startBatchSize, maxBatchSize } = parameters;
  return sidesOf(parameters, context, (decayed, start): Sides => {
    if (decayed <= 0) return { batchSize: maxBatchSize, rate: 0 };
    const wanted = startBatchSize * (start / decayed);
    const batchSize = Math.min(maxBatchSize, settle(hyperparameters.batchSize, wanted));
    const whole = Math.abs(batchSize - wanted) <= WHOLE * wanted;
    return { batchSize, rate: whole ? start : decayed * (batchSize / startBatchSize) };
  });
}

function seesawSides(parameters: Parameters & { readonly cut: number }, context: KindContext) {
  const { startBatchSize, maxBatchSize, cut } = parameters;
  return sidesOf(parameters, context, (decayed, start): Sides => {
    // Cuts made so far, and none too few because a quotient was rounded. A decay that has reached 0 takes a finite many.
    const cuts = decayed > 0 ? Math.floor(logarithm(start / decayed) / logarithm(cut) + WHOLE) : MAX_CUTS;
    const fall = power(cut, -Math.min(cuts, MAX_CUTS));
    const batchSize = Math.min(maxBatchSize, settle(hyperparameters.batchSize, startBatchSize / fall));
    return { batchSize, rate: decayed > 0 ? start * fall * Math.sqrt(batchSize / startBatchSize) : 0 };
  });
}

const MAX_CUTS = 1000;

function sidesOf(
  { decay, startBatchSize, maxBatchSize }: Parameters,
  context: KindContext,
  split: (decayed: number, start: number) => Sides,
): (t: number, progress: Progress) => Sides {
  if (maxBatchSize < startBatchSize) {
    throw invalid(context, 'maxBatchSize', 'the cap is below the first batch size', {
      found: `startBatchSize ${startBatchSize}, maxBatchSize ${maxBatchSize}`,
      expected: `at least ${startBatchSize}`,
      fix: 'raise maxBatchSize',
    });
  }
  if (context.unit === 'step') {
    throw invalid(context, 'unit', 'a batch size holds within a round, so its partner does too', {
      found: 'unit: step',
      expected: 'unit: round or unit: examples',
      fix: 'remove unit',
    });
  }
  const curve: Curve = context.nested(decay, 'decay');
  if (curve(0, context.progressAt(0)) <= 0) {
    throw invalid(context, 'decay', 'the decay starts at 0, so there is no factor to grow by', {
      found: 'a schedule whose value at t = 0 is 0',
      expected: 'more than 0',
      fix: 'warm up from a value above 0, or leave the warm-up out',
    });
  }
  return (t, progress) => split(curve(t, progress), curve(0, progress));
}
