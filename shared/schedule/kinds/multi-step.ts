/** Multiplied at milestones: value_t = start · Π factor_i over the milestones m_i ≤ t. */
import { z } from 'zod';
import { defineKind, fields, invalid, reachedOf, refuseUnsorted } from '../kind.js';

const factor = z.number().positive().max(1e6);

export const multiStep = defineKind({
  schema: z.strictObject({
    kind: z.literal('multiStep'),
    start: fields.start,
    milestones: z.array(z.int().min(1)).min(1).max(1000).describe('Positions at which the value changes, rising.'),
    factor: z
      .union([factor, z.array(factor).min(1).max(1000)])
      .describe('What the value is multiplied by at each milestone: one factor for all, or one for each.'),
  }),
  create({ start, milestones, factor }, context) {
    refuseUnsorted(context, 'milestones', milestones);
    const factors = typeof factor === 'number' ? milestones.map(() => factor) : factor;
    if (factors.length !== milestones.length) {
      throw invalid(context, 'factor', 'as many factors as milestones are needed', {
        found: `${factors.length} factors for ${milestones.length} milestones`,
        expected: `one factor for all, or ${milestones.length}`,
        fix: 'write one number, or a factor for each milestone',
      });
    }
    const values = [start];
    for (const each of factors) values.push(Math.min(Number.MAX_VALUE, values[values.length - 1] * each));
    return (t) => values[reachedOf(milestones, t)];
  },
});
