/**
 * The batch is multiplied by `factor` at each plateau, up to `max`: what reduce-on-plateau does to the rate, done to the
 * batch. Smith et al. (2018), "Don't Decay the Learning Rate, Increase the Batch Size", with the times found by the run.
 */
import { z } from 'zod';
import { power } from '../../math/elementary.js';
import { hyperparameters, settle } from '../names.js';
import { defineAdaptive, watched } from './adaptive.js';
import { noPlateau, type PlateauState, plateauFields, watchPlateau } from './plateau.js';

export const growBatchOnPlateau = defineAdaptive({
  schema: z.strictObject({
    kind: z.literal('growBatchOnPlateau'),
    start: z.int().min(1).describe('The batch size until the first plateau.'),
    factor: z.number().gt(1).max(1000).default(2).describe('What the batch is multiplied by at a plateau.'),
    max: z.int().min(1).describe('The largest batch.'),
    cooldown: z.int().min(0).default(0).describe('Rounds after a growth in which bad ones are not counted.'),
    metric: watched,
    ...plateauFields,
  }),
  create: (rule) => ({
    observes: 'round',
    init: () => noPlateau,
    observe: (state: PlateauState, metrics) => watchPlateau(rule, state, metrics),
    value: ({ plateaus }: PlateauState) =>
      Math.min(
        Math.max(rule.max, rule.start),
        settle(hyperparameters.batchSize, rule.start * power(rule.factor, plateaus)),
      ),
  }),
});
