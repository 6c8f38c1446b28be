/** Multiplied by a factor every n rounds: value_t = start · factor^⌊t/n⌋. The new value holds from round n itself on. */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineKind } from '../kind.js';

export const step = defineKind({
  schema: z.strictObject({
    kind: z.literal('step'),
    start: z.number().nonnegative().describe('The value in round 0.'),
    factor: z.number().positive().describe('What the value is multiplied by at each step.'),
    every: z.int().min(1).describe('n: rounds between steps.'),
  }),
  create: ({ start, factor, every }) => ({
    unit: 'round',
    at: ({ round }) => start * power(factor, Math.floor(round / every)),
  }),
});
