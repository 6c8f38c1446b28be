/**
 * Triangles between low and high: up in `up` positions, down in `down`, for ever. triangular2 halves the height each
 * cycle; expRange multiplies it by factor^t.
 *
 * Smith (2017), "Cyclical Learning Rates for Training Neural Networks".
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineKind, invalid } from '../kind.js';

export const cyclic = defineKind({
  schema: z.strictObject({
    kind: z.literal('cyclic'),
    low: z.number().nonnegative().describe('The value at the start of each cycle.'),
    high: z.number().nonnegative().describe('The value at the top of the first cycle.'),
    up: z.int().min(1).describe('Positions from low to high.'),
    down: z.int().min(1).optional().describe('Positions from high to low. Default: as many as up.'),
    shape: z.enum(['triangular', 'triangular2', 'expRange']).default('triangular').describe('How the height decays.'),
    factor: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe('For expRange: the height is multiplied by this per position.'),
  }),
  create({ low, high, up, down = up, shape, factor }, context) {
    if (high < low) {
      throw invalid(context, 'high', 'high is below low', {
        found: `low ${low}, high ${high}`,
        expected: `at least ${low}`,
        fix: 'exchange low and high',
      });
    }
    if ((shape === 'expRange') !== (factor !== undefined)) {
      throw invalid(context, 'factor', 'a factor belongs to expRange, and to nothing else', {
        found: `shape ${shape} ${factor === undefined ? 'without factor' : `with factor ${factor}`}`,
        expected: shape === 'expRange' ? 'a factor, such as 0.99' : 'no factor',
        fix: shape === 'expRange' ? 'add factor' : 'remove factor, or use shape: expRange',
      });
    }
    const cycle = up + down;
    const heightAt = (t: number) => {
      if (shape === 'triangular2') return power(0.5, Math.floor(t / cycle));
      return factor === undefined ? 1 : power(factor, t);
    };
    return (t) => {
      const within = t % cycle;
      const share = within <= up ? within / up : (cycle - within) / down;
      return low + (high - low) * share * heightAt(t);
    };
  },
});
