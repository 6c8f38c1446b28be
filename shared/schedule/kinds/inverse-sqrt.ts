/**
 * Inverse square root: value_t = start · √(s / (s + t)), s the time scale: half of the start at t = 3s.
 *
 * Inside `warmup` with s = the warm-up's length this is the schedule of Vaswani et al. (2017, "Attention Is All You
 * Need"), peak · √(w/t) after w positions.
 */
import { z } from 'zod';
import { defineKind, fields } from '../kind.js';

export const inverseSqrt = defineKind({
  schema: z.strictObject({
    kind: z.literal('inverseSqrt'),
    start: fields.start,
    timescale: z.number().positive().max(1e12).default(1).describe('s: positions; a larger one falls later.'),
  }),
  create:
    ({ start, timescale }) =>
    (t) =>
      start * Math.sqrt(timescale / (timescale + t)),
});
