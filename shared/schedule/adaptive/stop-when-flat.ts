/**
 * True once a measure has not improved for `patience` rounds: the run may stop. It stays true.
 *
 * Prechelt (1998), "Early Stopping — But When?"; the measure is of the test set unless another is named, so that a run
 * that stops by it has looked at the test set.
 */
import { z } from 'zod';
import { defineAdaptive, type RoundMetrics, watched } from './adaptive.js';
import { noPlateau, type PlateauState, plateauFields, watchPlateau } from './plateau.js';

const schema = z.strictObject({
  kind: z.literal('stopWhenFlat'),
  metric: watched,
  ...plateauFields,
});

export const stopWhenFlat = defineAdaptive<typeof schema, PlateauState, boolean>({
  schema,
  create: (rule) => ({
    observes: 'round',
    init: () => noPlateau,
    observe: (state, metrics: RoundMetrics) => watchPlateau({ ...rule, cooldown: 0 }, state, metrics),
    value: ({ plateaus }) => plateaus > 0,
  }),
});
