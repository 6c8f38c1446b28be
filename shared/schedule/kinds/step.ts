/** Multiplied by a factor every n positions: value_t = start · factor^⌊t/n⌋. The new value holds from t = n itself on. */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineKind, fields } from '../kind.js';

export const step = defineKind({
  schema: z.strictObject({
    kind: z.literal('step'),
    start: fields.start,
    factor: z.number().positive().max(1e6).describe('What the value is multiplied by at each step.'),
    every: z.int().min(1).describe('n: positions between steps.'),
  }),
  create:
    ({ start, factor, every }) =>
    (t) =>
      start === 0 ? 0 : Math.min(Number.MAX_VALUE, start * power(factor, Math.floor(t / every))),
});
