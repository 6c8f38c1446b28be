/**
 * A value computed from progress by an expression of a small language of ours (`formula/`): nothing is evaluated as
 * code. Over the run its values are checked when the scenario is read: one that is not finite is refused.
 */
import { z } from 'zod';
import { compile, MAX_LENGTH } from '../formula/compile.js';
import { defineKind } from '../kind.js';

export const formula = defineKind({
  schema: z.strictObject({
    kind: z.literal('formula'),
    value: z
      .string()
      .min(1)
      .max(MAX_LENGTH)
      .describe(
        'Expression over t, round, totalRounds, step, totalSteps, examplesSeen, totalExamples; t is the position in the unit.',
      ),
  }),
  create({ value }, context) {
    const evaluate = compile(value, `${context.path}.value`);
    return evaluate;
  },
});
