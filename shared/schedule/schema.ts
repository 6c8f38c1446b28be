/** What a person may write for each scheduled hyperparameter: a number in its range, or a schedule in one of its units. */
import { z } from 'zod';
import { adaptiveSchema } from './adaptive/create.js';
import { adaptiveKindsFor } from './adaptive/specs.js';
import { heldKindSchema, movingKindSchema } from './create.js';
import type { KindSpec, ScheduleSpec } from './kind.js';
import { type HyperparameterName, hyperparameters } from './names.js';
import type { Unit } from './schedule.js';

function schemaOf(name: Exclude<HyperparameterName, 'batchSize'>, description: string): z.ZodType<ScheduleSpec> {
  const { min, max, integer, units, ...rest } = hyperparameters[name];
  const open = 'open' in rest ? rest.open : undefined;
  const bounded = integer ? z.int().min(min).max(max) : z.number();
  const low = integer ? bounded : open === 'min' ? bounded.gt(min) : bounded.min(min);
  const number = open === 'max' ? low.lt(max) : low;
  const kinds = (units as readonly Unit[]).includes('step') ? movingKindSchema : heldKindSchema;
  return z.union([number, withAdaptive(name, kinds)]).describe(description);
}

/** Schedules by their kind, and the adaptive ones that may drive the name. */
function withAdaptive(name: HyperparameterName, kinds: z.ZodType<KindSpec>): z.ZodType<KindSpec> {
  const adaptive = adaptiveSchema.options.filter(({ shape }) => adaptiveKindsFor(name).includes(shape.kind.value));
  if (adaptive.length === 0) return kinds;
  return z.union([kinds, z.discriminatedUnion('kind', adaptive as unknown as typeof adaptiveSchema.options)]);
}

export const scheduledSchemas = {
  learningRate: schemaOf('learningRate', 'η of the clients: a number or a schedule.'),
  batchSize: z
    .union([z.literal('full'), z.int().min(1), withAdaptive('batchSize', heldKindSchema)])
    .describe('B of the clients: a number, a schedule, or full for the whole shard.') as z.ZodType<
    ScheduleSpec | 'full'
  >,
  localEpochs: schemaOf('localEpochs', 'E, in place of federation.localEpochs.'),
  localSteps: schemaOf('localSteps', 'K, in place of federation.localSteps.'),
  cohortSize: schemaOf('cohortSize', 'Clients drawn in a round, in place of federation.cohort; at most all.'),
  serverLearningRate: schemaOf('serverLearningRate', 'What the mean update is multiplied by.'),
  clientMomentum: schemaOf('clientMomentum', 'Momentum of the clients’ optimizer.'),
  serverMomentum: schemaOf('serverMomentum', 'Momentum of the server’s optimizer.'),
  proximalMu: schemaOf('proximalMu', 'μ of FedProx: how strongly local weights are held to the global ones.'),
  weightDecay: schemaOf('weightDecay', 'λ of the local steps.'),
  clipNorm: schemaOf('clipNorm', 'The largest norm of a local gradient.'),
};
