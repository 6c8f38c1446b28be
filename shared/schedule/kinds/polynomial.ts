/**
 * Polynomial decay (or growth): value_t = end + (start − end) · (1 − t/n)^power, and `end` from t = n on.
 *
 * With start = α and end = 0 this is α(1 − t/T)^β, which some texts call "exponential". Rounds are t = 0..T − 1, so a
 * schedule over the whole run never uses the end value itself.
 */
import { z } from 'zod';
import { power as raise } from '../../math/elementary.js';
import { defineKind, fields } from '../kind.js';

export const polynomial = defineKind({
  schema: z.strictObject({
    kind: z.literal('polynomial'),
    start: fields.start,
    end: fields.end.default(0),
    power: fields.power.default(1).describe('β: 1 is linear, above 1 falls early, below 1 falls late.'),
    length: fields.length,
  }),
  create({ start, end, power, length }, context) {
    const n = length ?? context.total();
    return (t) => (t >= n ? end : t <= 0 ? start : end + (start - end) * raise(1 - t / n, power));
  },
});
