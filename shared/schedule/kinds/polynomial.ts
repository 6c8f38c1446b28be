/**
 * Polynomial decay (or growth): value_t = end + (start − end) · (1 − t/n)^power, and `end` from t = n on.
 *
 * With start = α and end = 0 this is α(1 − t/T)^β, which some texts call "exponential". Rounds are t = 0..T − 1, so a
 * schedule over the whole run never uses the end value itself.
 */
import { z } from 'zod';
import { power as raise } from '../../math/elementary.js';
import { defineKind } from '../kind.js';
import { rounds } from './fields.js';

export const polynomial = defineKind({
  schema: z.strictObject({
    kind: z.literal('polynomial'),
    start: z.number().nonnegative().describe('The value in round 0.'),
    end: z.number().nonnegative().default(0).describe('The value that round n would have.'),
    power: z
      .number()
      .positive()
      .max(100)
      .default(1)
      .describe('β: 1 is linear, above 1 falls early, below 1 falls late.'),
    rounds,
  }),
  create: ({ start, end, power, rounds }, totalRounds) => {
    const length = rounds ?? totalRounds;
    return {
      unit: 'round',
      at: ({ round }) => (round >= length ? end : end + (start - end) * raise(1 - round / length, power)),
    };
  },
});
