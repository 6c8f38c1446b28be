/**
 * Warm-up around any schedule: from `from` at t = 0 to the schedule's own start value at t = over. The schedule begins
 * there, at its own t = 0, and has n − over positions, so that the whole ends at t = n: warm-up counts inside the length.
 *
 * linear: from + (start − from) · t/w; exponential: from · (start/from)^(t/w). The value is continuous at t = w.
 * Goyal et al. (2017), "Accurate, Large Minibatch SGD", section 2.2.
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineKind, invalid, knownTotal, type ScheduleSpec } from '../kind.js';

export const warmup = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('warmup'),
      over: z.int().min(1).describe('w: positions until the schedule begins; they count inside the length.'),
      from: z.number().nonnegative().default(0).describe('The value at t = 0.'),
      shape: z.enum(['linear', 'exponential']).default('linear').describe('How the value rises.'),
      schedule: nested.describe('What follows.'),
    }),
    create({ over, from, shape, schedule }, context) {
      const total = knownTotal(context);
      if (total !== undefined && over >= total) {
        throw invalid(context, 'over', 'the warm-up is as long as the schedule, or longer', {
          found: `${over} positions of warm-up in ${total}`,
          expected: `at most ${total - 1}`,
          fix: 'shorten over, or lengthen the run',
        });
      }
      const after = context.nested(schedule, 'schedule', () => context.total() - over);
      if (shape === 'exponential' && from === 0) {
        throw invalid(context, 'from', 'an exponential warm-up cannot start at 0', {
          found: '0',
          expected: 'more than 0',
          fix: 'give from a small value, or use shape: linear',
        });
      }
      return (t, progress) => {
        if (t >= over) return after(t - over, progress);
        const target = after(0, progress);
        if (shape === 'linear') return from + (target - from) * (t / over);
        return from * power(target / from, t / over);
      };
    },
  });
