/** Values between boundaries: values[0] before the first boundary, values[i] from boundary i − 1 itself on. */
import { z } from 'zod';
import { defineKind, invalid, reachedOf, refuseUnsorted } from '../kind.js';

export const piecewise = defineKind({
  schema: z.strictObject({
    kind: z.literal('piecewise'),
    boundaries: z.array(z.int().min(1)).min(1).max(1000).describe('Positions at which the next value begins, rising.'),
    values: z.array(z.number().nonnegative()).min(2).max(1001).describe('One value more than there are boundaries.'),
  }),
  create({ boundaries, values }, context) {
    refuseUnsorted(context, 'boundaries', boundaries);
    if (values.length !== boundaries.length + 1) {
      throw invalid(context, 'values', 'one value more than boundaries is needed', {
        found: `${values.length} values for ${boundaries.length} boundaries`,
        expected: `${boundaries.length + 1} values`,
        fix: 'add or remove values',
      });
    }
    return (t) => values[reachedOf(boundaries, t)];
  },
});
