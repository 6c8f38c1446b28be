/**
 * Quadratic synchronization rule, for local steps: K = max(base, ⌊(α/η)²⌋), at most `max`, with η the learning rate at
 * the start of the round. As the rate falls, clients work longer between two averages.
 *
 * Gu et al. (2024), "A Quadratic Synchronization Rule for Distributed Deep Learning". The paper warms up with the rate
 * it has after the warm-up; `clamp` around the schedule does the same.
 */
import { z } from 'zod';
import { defineKind } from '../kind.js';

export const qsr = defineKind({
  schema: z.strictObject({
    kind: z.literal('qsr'),
    base: z.int().min(1).describe('The fewest local steps, H_base.'),
    growth: z.number().positive().describe('α: local steps exceed the base once the learning rate is below α/√base.'),
    max: z.int().min(1).default(1_000_000).describe('The most local steps; reached where the rate goes to 0.'),
  }),
  refersTo: ['learningRate'],
  create({ base, growth, max }, context) {
    const learningRate = context.reference('learningRate');
    return (_, progress) => {
      const ratio = growth / learningRate(progress);
      // A rate of 0 gives an infinite ratio, which the maximum takes in.
      return Math.min(max, Math.max(base, Math.floor(ratio * ratio)));
    };
  },
});
