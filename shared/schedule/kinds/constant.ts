/** The same value throughout. A plain number in a scenario means this. */
import { z } from 'zod';
import { defineKind } from '../kind.js';

export const constant = defineKind({
  schema: z.strictObject({
    kind: z.literal('constant'),
    value: z.number().nonnegative().describe('The value throughout.'),
  }),
  create:
    ({ value }) =>
    () =>
      value,
});
