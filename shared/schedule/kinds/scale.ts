/** A schedule times a number: value_t = factor · schedule_t. */
import { z } from 'zod';
import { defineKind, type ScheduleSpec } from '../kind.js';

export const scale = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('scale'),
      factor: z.number().nonnegative().describe('What the schedule is multiplied by.'),
      schedule: nested.describe('What is scaled.'),
    }),
    create({ factor, schedule }, context) {
      const curve = context.nested(schedule, 'schedule');
      return (t, progress) => factor * curve(t, progress);
    },
  });
