/** From start to end in a straight line: value_t = start + (end − start) · t/n, and `end` from t = n on. */
import { z } from 'zod';
import { defineKind, fields } from '../kind.js';

export const linear = defineKind({
  schema: z.strictObject({
    kind: z.literal('linear'),
    start: fields.start,
    end: fields.end,
    length: fields.length,
  }),
  create({ start, end, length }, context) {
    const n = length ?? context.total();
    return (t) => (t >= n ? end : start + (end - start) * (t / n));
  },
});
