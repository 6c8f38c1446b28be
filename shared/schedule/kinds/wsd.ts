/**
 * Warm-up, stable, decay: from `from` to `peak` in `warmup` positions, `peak` until n − decay, then down to `end` at
 * t = n. With u the share of the decay that has passed: linear 1 − u, cosine (1 + cos πu)/2, oneMinusSqrt 1 − √u.
 *
 * Hu et al. (2024), "MiniCPM"; Hägele et al. (2024), "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
 * Durations", for 1 − √u.
 */
import { z } from 'zod';
import { cosine as cos } from '../../math/elementary.js';
import { defineKind, fields, invalid } from '../kind.js';

const shapes = {
  linear: (u: number) => 1 - u,
  cosine: (u: number) => (1 + cos(Math.PI * u)) / 2,
  oneMinusSqrt: (u: number) => 1 - Math.sqrt(u),
};

export const wsd = defineKind({
  schema: z.strictObject({
    kind: z.literal('wsd'),
    peak: z.number().nonnegative().describe('The value between warm-up and decay.'),
    from: z.number().nonnegative().default(0).describe('The value at t = 0, if there is a warm-up.'),
    end: fields.end.default(0),
    warmup: z.int().min(0).default(0).describe('Positions of the warm-up; they count inside the length.'),
    decay: z.int().min(1).describe('Positions of the decay, the last of the length.'),
    shape: z.enum(['linear', 'cosine', 'oneMinusSqrt']).default('oneMinusSqrt').describe('How the decay runs.'),
    length: fields.length,
  }),
  create({ peak, from, end, warmup, decay, shape, length }, context) {
    const n = length ?? context.total();
    if (warmup + decay > n) {
      throw invalid(context, 'decay', 'warm-up and decay are longer than the schedule', {
        found: `${warmup} of warm-up and ${decay} of decay`,
        expected: `together at most ${n}`,
        fix: 'shorten warmup or decay, or lengthen the schedule',
      });
    }
    const begin = n - decay;
    return (t) => {
      if (t >= n) return end;
      if (t < warmup) return from + (peak - from) * (t / warmup);
      return t <= begin ? peak : end + (peak - end) * shapes[shape]((t - begin) / decay);
    };
  },
});
