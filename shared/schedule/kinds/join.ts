/**
 * Schedules one after the other: schedule i begins at boundary i − 1, at its own t = 0, and its default length is that
 * of its part. `continuous: true` asks that each one end, by the boundary rule at its t = n, where the next begins.
 */
import { z } from 'zod';
import { defineKind, invalid, knownTotal, reachedOf, refuseUnsorted, type ScheduleSpec } from '../kind.js';

/** How far apart two values may be, relative to the larger, and still count as one. */
const SEAM_TOLERANCE = 1e-9;

export const join = (nested: z.ZodType<ScheduleSpec>) =>
  defineKind({
    schema: z.strictObject({
      kind: z.literal('join'),
      boundaries: z.array(z.int().min(1)).min(1).max(1000).describe('Where the next schedule begins, rising.'),
      schedules: z.array(nested).min(2).max(1001).describe('One schedule more than there are boundaries.'),
      continuous: z.boolean().default(false).describe('Refuse a jump at a boundary.'),
    }),
    create({ boundaries, schedules, continuous }, context) {
      refuseUnsorted(context, 'boundaries', boundaries);
      if (schedules.length !== boundaries.length + 1) {
        throw invalid(context, 'schedules', 'one schedule more than boundaries is needed', {
          found: `${schedules.length} schedules for ${boundaries.length} boundaries`,
          expected: `${boundaries.length + 1} schedules`,
          fix: 'add or remove schedules',
        });
      }
      const begins = [0, ...boundaries];
      const total = knownTotal(context);
      if (total !== undefined && begins[boundaries.length] >= total) {
        throw invalid(context, `boundaries.${boundaries.length - 1}`, 'the last boundary leaves nothing after it', {
          found: `boundary ${begins[boundaries.length]} of ${total} positions`,
          expected: `at most ${total - 1}`,
          fix: 'lower the boundary, or lengthen the run',
        });
      }
      const curves = schedules.map((schedule, index) =>
        context.nested(schedule, `schedules.${index}`, () => (boundaries[index] ?? context.total()) - begins[index]),
      );
      if (continuous) boundaries.forEach(refuseJump);
      return (t, progress) => {
        const part = reachedOf(boundaries, t);
        return curves[part](t - begins[part], progress);
      };

      function refuseJump(boundary: number, index: number): void {
        const progress = context.progressAt(boundary);
        const left = curves[index](boundary - begins[index], progress);
        const right = curves[index + 1](0, progress);
        if (Math.abs(left - right) <= SEAM_TOLERANCE * Math.max(Math.abs(left), Math.abs(right))) return;
        throw invalid(context, `schedules.${index + 1}`, `the seam at ${boundary} is not continuous`, {
          found: `${left} before it, ${right} after it`,
          expected: 'the same value',
          fix: `start this schedule at ${left}, or remove continuous: true`,
        });
      }
    },
  });
