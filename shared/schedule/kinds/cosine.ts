/**
 * Cosine annealing: value_t = end + (start − end) · ((1 + cos(π t/n)) / 2)^power, and `end` from t = n on.
 *
 * With `period` it restarts (SGDR): cycle i has period · periodFactor^i positions and the peak end + (start − end) ·
 * peakFactor^i, which shows at its first position.
 * Loshchilov and Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts".
 */
import { z } from 'zod';
import { cosine as cos, power as raise } from '../../math/elementary.js';
import { defineKind, fields, invalid } from '../kind.js';

export const cosine = defineKind({
  schema: z.strictObject({
    kind: z.literal('cosine'),
    start: fields.start,
    end: fields.end.default(0),
    power: fields.power.default(1).describe('Exponent of the cosine’s share; 1 is plain cosine annealing.'),
    length: fields.length,
    period: z.int().min(1).optional().describe('Restart: positions of the first cycle. Default: no restarts.'),
    periodFactor: z.int().min(1).max(16).optional().describe('Each cycle is this times longer. Default 1.'),
    peakFactor: z.number().positive().max(1).optional().describe('Each peak is this times lower. Default 1.'),
  }),
  create({ start, end, power, length, period, periodFactor = 1, peakFactor = 1, ...rest }, context) {
    const wave = (share: number) => raise((1 + cos(Math.PI * share)) / 2, power);
    if (period === undefined) {
      refuseWithoutPeriod(periodFactor, peakFactor);
      const n = length ?? context.total();
      return (t) => (t >= n ? end : t <= 0 ? start : end + (start - end) * wave(t / n));
    }
    if (length !== undefined) {
      throw invalid(context, 'length', 'a cosine with restarts has no length', {
        found: `length ${length} and period ${period}`,
        expected: 'one of the two',
        fix: 'remove length, or join the cosine with what follows',
      });
    }
    return (t) => {
      const { cycle, share } = cycleAt(t, period, periodFactor);
      return end + (start - end) * raise(peakFactor, cycle) * (share === 0 ? 1 : wave(share));
    };

    function refuseWithoutPeriod(...factors: number[]): void {
      const at = factors.findIndex((factor) => factor !== 1);
      if (at < 0) return;
      throw invalid(context, ['periodFactor', 'peakFactor'][at], 'only a cosine with restarts has cycles', {
        found: `${rest.kind} without period`,
        expected: 'period, the positions of the first cycle',
        fix: 'add period, or remove the factor',
      });
    }
  },
});

/** Which cycle t falls into, and what share of it has passed, 0 ≤ share < 1. */
function cycleAt(t: number, period: number, factor: number): { cycle: number; share: number } {
  if (factor === 1) return { cycle: Math.floor(t / period), share: (t % period) / period };
  let [cycle, begin, length] = [0, 0, period];
  while (t >= begin + length) {
    begin += length;
    length *= factor;
    cycle += 1;
  }
  return { cycle, share: (t - begin) / length };
}
