/**
 * Exponential decay (or growth): value_t = start · factor^(t/every), or factor^⌊t/every⌋ as a staircase.
 *
 * With `end`, the value goes no further than it: a floor for a factor below 1, a ceiling for one above.
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineKind, fields, invalid } from '../kind.js';

export const exponential = defineKind({
  schema: z.strictObject({
    kind: z.literal('exponential'),
    start: fields.start,
    factor: z.number().positive().max(1e6).describe('γ: what the value is multiplied by in `every` positions.'),
    every: z.int().min(1).default(1).describe('Positions in which the factor is applied once.'),
    staircase: z.boolean().default(false).describe('Apply the factor all at once, at every multiple of `every`.'),
    end: z.number().nonnegative().optional().describe('Where the value stops. Default: nowhere.'),
  }),
  create({ start, factor, every, staircase, end }, context) {
    if (end !== undefined && (factor < 1 ? end > start : end < start)) {
      throw invalid(context, 'end', 'the end lies on the wrong side of the start', {
        found: `start ${start}, factor ${factor}, end ${end}`,
        expected: `an end ${factor < 1 ? 'below' : 'above'} the start`,
        fix: 'change end, or the factor to the other side of 1',
      });
    }
    const stop = end ?? (factor > 1 ? Number.MAX_VALUE : 0);
    const bound = factor > 1 ? Math.min : Math.max;
    return (t) => bound(stop, start * power(factor, staircase ? Math.floor(t / every) : t / every));
  },
});
