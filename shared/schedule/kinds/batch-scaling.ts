/**
 * The learning rate follows the batch size B that is used (after rounding): linearScaling · B/B₀, sqrtScaling · √(B/B₀).
 *
 * `rate` is what a batch of B₀ would get: a number or a schedule. A client whose shard is smaller than B is not told
 * apart: the rate is one for all. Linear: Goyal et al. (2017), "Accurate, Large Minibatch SGD". Square root: Krizhevsky
 * (2014), "One weird trick for parallelizing convolutional neural networks"; Hoffer et al. (2017).
 */
import { z } from 'zod';
import { defineKind, type ScheduleSpec } from '../kind.js';

const parameters = (nested: z.ZodType<ScheduleSpec>) => ({
  rate: nested.describe('The learning rate for a batch of baseBatchSize: a number or a schedule.'),
  baseBatchSize: z.int().min(1).describe('B₀: the batch size for which the rate was chosen.'),
});

export const linearScaling = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({ kind: z.literal('linearScaling'), ...parameters(nested) }),
    refersTo: ['batchSize'],
    create({ rate, baseBatchSize }, context) {
      const curve = context.nested(rate, 'rate');
      const batchSize = context.reference('batchSize');
      return (t, progress) => curve(t, progress) * (batchSize(progress) / baseBatchSize);
    },
  });

export const sqrtScaling = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({ kind: z.literal('sqrtScaling'), ...parameters(nested) }),
    refersTo: ['batchSize'],
    create({ rate, baseBatchSize }, context) {
      const curve = context.nested(rate, 'rate');
      const batchSize = context.reference('batchSize');
      return (t, progress) => curve(t, progress) * Math.sqrt(batchSize(progress) / baseBatchSize);
    },
  });
