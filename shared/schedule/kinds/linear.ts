/** From start to end in a straight line: value_t = start + (end − start) · t/n, and `end` from t = n on. */
import { z } from 'zod';
import { defineKind } from '../kind.js';
import { rounds } from './fields.js';

export const linear = defineKind({
  schema: z.strictObject({
    kind: z.literal('linear'),
    start: z.number().nonnegative().describe('The value in round 0.'),
    end: z.number().nonnegative().describe('The value that round n would have.'),
    rounds,
  }),
  create: ({ start, end, rounds }, totalRounds) => {
    const length = rounds ?? totalRounds;
    return { unit: 'round', at: ({ round }) => (round >= length ? end : start + (end - start) * (round / length)) };
  },
});
