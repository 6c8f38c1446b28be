/**
 * One cycle: from `start` up to `peak` over the share `rise` of the length, then down to `end` at t = n.
 *
 * Smith and Topin (2018), "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates".
 */
import { z } from 'zod';
import { cosine as cos } from '../../math/elementary.js';
import { defineKind, fields } from '../kind.js';

/** From a to b as share goes from 0 to 1. */
const shapes = {
  cosine: (a: number, b: number, share: number) => b + ((a - b) * (1 + cos(Math.PI * share))) / 2,
  linear: (a: number, b: number, share: number) => a + (b - a) * share,
};

export const oneCycle = defineKind({
  schema: z.strictObject({
    kind: z.literal('oneCycle'),
    peak: z.number().nonnegative().describe('The highest value, at t = rise · n.'),
    start: z.number().nonnegative().optional().describe('The value at t = 0. Default: peak/25.'),
    end: z.number().nonnegative().optional().describe('The value at t = n, kept afterwards. Default: start/10,000.'),
    rise: z.number().positive().lt(1).default(0.3).describe('The share of the length that leads up to the peak.'),
    shape: z.enum(['cosine', 'linear']).default('cosine').describe('How both sides run.'),
    length: fields.length,
  }),
  create({ peak, start = peak / 25, end = start / 10_000, rise, shape, length }, context) {
    const n = length ?? context.total();
    const top = rise * n;
    const between = shapes[shape];
    return (t) => {
      if (t >= n) return end;
      if (t <= 0) return start;
      return t < top ? between(start, peak, t / top) : between(peak, end, (t - top) / (n - top));
    };
  },
});
