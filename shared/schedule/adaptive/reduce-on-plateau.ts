/**
 * The value is multiplied by `factor` at each plateau: value = max(min, start · factor^plateaus).
 *
 * With rule `optax` this is optax.contrib.reduce_on_plateau, with rule `pytorch` torch's ReduceLROnPlateau (its `rel`
 * mode is rtol, its `abs` mode atol); traces of both are tested. PyTorch's `eps`, a least change, is left out.
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { defineAdaptive, watched } from './adaptive.js';
import { noPlateau, type PlateauState, plateauFields, watchPlateau } from './plateau.js';

export const reduceOnPlateau = defineAdaptive({
  schema: z.strictObject({
    kind: z.literal('reduceOnPlateau'),
    start: z.number().positive().describe('The value until the first plateau.'),
    factor: z.number().positive().lt(1).default(0.1).describe('What the value is multiplied by at a plateau.'),
    min: z.number().nonnegative().default(0).describe('The least value.'),
    cooldown: z.int().min(0).default(0).describe('Rounds after a reduction in which bad ones are not counted.'),
    metric: watched,
    ...plateauFields,
  }),
  create: (rule) => ({
    observes: 'round',
    init: () => noPlateau,
    observe: (state: PlateauState, metrics) => watchPlateau(rule, state, metrics),
    value: ({ plateaus }: PlateauState) =>
      Math.max(Math.min(rule.min, rule.start), rule.start * power(rule.factor, plateaus)),
  }),
});
