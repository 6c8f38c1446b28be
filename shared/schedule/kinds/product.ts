/** Schedules multiplied: value_t = Π schedule_i(t), from left to right. */
import { z } from 'zod';
import { defineKind, type ScheduleSpec } from '../kind.js';

export const product = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('product'),
      schedules: z.array(nested).min(2).max(100).describe('What is multiplied.'),
    }),
    create({ schedules }, context) {
      const curves = schedules.map((schedule, index) => context.nested(schedule, `schedules.${index}`));
      return (t, progress) => curves.reduce((value, curve) => value * curve(t, progress), 1);
    },
  });
