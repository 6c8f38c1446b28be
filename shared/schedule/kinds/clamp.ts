/** A schedule kept within bounds: value_t = min(max, max(min, schedule_t)). */
import { z } from 'zod';
import { defineKind, invalid, type ScheduleSpec } from '../kind.js';

export const clamp = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('clamp'),
      min: z.number().nonnegative().optional().describe('The least value. Default: no bound.'),
      max: z.number().nonnegative().optional().describe('The largest value. Default: no bound.'),
      schedule: nested.describe('What is kept within bounds.'),
    }),
    create({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, schedule }, context) {
      if (min > max) {
        throw invalid(context, 'min', 'min is above max', {
          found: `min ${min}, max ${max}`,
          expected: `at most ${max}`,
          fix: 'exchange min and max',
        });
      }
      const curve = context.nested(schedule, 'schedule');
      return (t, progress) => Math.min(max, Math.max(min, curve(t, progress)));
    },
  });
