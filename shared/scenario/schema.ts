/**
 * The scenario file: one schema gives the types, the validation and the JSON Schema that editors read.
 * Whatever a person may write stands here with its default and its description; unknown keys are refused.
 */
import { z } from 'zod';
import { dataSchemaShape } from '../data/dataset-spec.js';
import { partitionSchema } from '../data/partition/partition.js';
import { devicesSchema } from '../devices/device-spec.js';
import { algorithmSchema } from '../federation/algorithm.js';
import { faultsSchema } from '../federation/faults/rules.js';
import { hierarchySchema } from '../federation/hierarchy.js';
import { MAX_SEED } from '../math/rng.js';
import { initializations } from '../model/initialize.js';
import { activations, losses, MAX_WIDTH } from '../model/model.js';
import { clientOptimizers } from '../optimizer/client-optimizer.js';
import { stopWhenFlat } from '../schedule/adaptive/stop-when-flat.js';
import { scheduledSchemas } from '../schedule/schema.js';
import { serveSchema } from './serve-spec.js';

export const dataSchema = z
  .strictObject({ ...dataSchemaShape, partition: partitionSchema })
  .describe('The examples, and how clients hold them.');

export const modelSchema = z
  .strictObject({
    kind: z.literal('mlp'),
    hidden: z
      .array(z.int().min(1).max(MAX_WIDTH))
      .max(64)
      .default([])
      .describe('Widths of the hidden layers; none makes softmax regression.'),
    activation: z.enum(activations).default('relu').describe('Activation of the hidden layers.'),
    loss: z.enum(losses).default('softmaxCrossEntropy'),
    initialization: z.enum(initializations).default('uniform').describe('How the first weights are drawn.'),
  })
  .describe('The multilayer perceptron that all clients share.');

const cohort = z
  .strictObject({
    size: z.int().min(1).optional().describe('Clients drawn each round.'),
    fraction: z.number().positive().max(1).optional().describe('The same as a share of all clients; at least one.'),
  })
  .describe('Which clients take part in a round: a size or a fraction.');

export const clientOptimizerSchema = z
  .strictObject({
    kind: z.enum(clientOptimizers),
    momentum: z.number().min(0).lt(1).optional().describe('β of momentum and nesterov; 0.9 if left out.'),
    beta1: z.number().min(0).lt(1).optional().describe('β1 of adam and adamW; 0.9 if left out.'),
    beta2: z.number().min(0).lt(1).optional().describe('Decay of the mean of squares; 0.999, for rmsProp 0.99.'),
    epsilon: z.number().positive().optional().describe('ε; 1e-8, for adagrad 1e-10.'),
  })
  .describe('What a client does with a gradient; its state begins at zero in each round.');

const federation = z.strictObject({
  algorithm: algorithmSchema.prefault({ kind: 'fedavg' }).describe('How the server learns from updates.'),
  rounds: z.int().min(1).max(1_000_000).describe('T: the most rounds; a target may stop the run sooner.'),
  cohort,
  localEpochs: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('E: passes over the shard in a round (1 if localSteps is absent).'),
  localSteps: z.int().min(1).max(1_000_000).optional().describe('Local steps in a round, in place of epochs.'),
  hierarchy: hierarchySchema.optional(),
  clientOptimizer: clientOptimizerSchema.default({ kind: 'sgd' }),
  minimumReplies: z.int().min(1).default(1).describe('A round with fewer updates leaves the model as it was.'),
  deadlineSeconds: z
    .number()
    .positive()
    .max(1e9)
    .optional()
    .describe('Virtual seconds after which a round ends without those that are late; needs devices.'),
  overSelection: z
    .number()
    .min(1)
    .max(100)
    .optional()
    .describe('So many times the cohort is selected; the first replies count, as many as the cohort. Needs devices.'),
});

const { learningRate, batchSize, ...others } = scheduledSchemas;

const schedules = z
  .strictObject({ learningRate, batchSize, ...optional(others) })
  .describe('Hyperparameters that the server sets for each round.');

function optional<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  const entries = Object.entries(shape).map(([name, schema]) => [name, schema.optional()]);
  return Object.fromEntries(entries) as { [name in keyof Shape]: z.ZodOptional<Shape[name]> };
}

const stop = z
  .strictObject({
    testAccuracy: z.number().positive().max(1).optional().describe('Stop once the test accuracy reaches this.'),
    testLoss: z.number().nonnegative().optional().describe('Stop once the test loss is no more than this.'),
    whenFlat: stopWhenFlat.schema
      .omit({ kind: true })
      .optional()
      .describe('Stop once a measure has not improved for a number of rounds.'),
  })
  .describe('Targets; the first one reached ends the run.');

const clientState = z
  .strictObject({
    memoryMegabytes: z
      .number()
      .positive()
      .max(1_000_000)
      .default(512)
      .describe(
        '10^6 bytes of client state kept in memory, at least two states a worker; beyond that it goes to disk.',
      ),
  })
  .describe('Where an algorithm keeps state for its clients (scaffold): how. It changes no result.');

export const poolKinds = ['inline', 'worker', 'process'] as const;

const pool = z
  .strictObject({
    kind: z
      .enum(poolKinds)
      .default('process')
      .describe('inline: in this thread; worker: threads with shared memory; process: real WebSocket clients.'),
    workers: z.int().min(1).max(256).default(2).describe('Threads or client processes.'),
    port: z.int().min(0).max(65_535).default(0).describe('Port of the coordinator on loopback; 0 takes a free one.'),
    restarts: z
      .int()
      .min(0)
      .max(1000)
      .default(3)
      .describe('How often a thread or client process that ended is started again.'),
    startSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(120)
      .describe('How long client processes may take to be ready.'),
    replySeconds: z.number().positive().max(86_400).default(600).describe('How long a round waits for a reply.'),
  })
  .describe('Where the clients run. It changes no result.');

const checkpoint = z
  .strictObject({
    every: z
      .int()
      .min(1)
      .default(100)
      .describe('Rounds between checkpoints. There is one every 30 seconds at least, at Ctrl-C and at the end.'),
  })
  .describe('How often the state of a run is saved; `fedtempo resume` goes on from there. It changes no result.');

/** Each variant is read and checked as a scenario of its own. */
const MAX_VARIANTS = 32;

/** Values by dotted path, in place of those of the file. */
const variants = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), z.record(z.string(), z.json()))
  .refine((all) => Object.keys(all).length <= MAX_VARIANTS, `at most ${MAX_VARIANTS} variants`)
  .describe('Further runs of the same scenario: a name for each, and the values it changes by path.');

export const scenarioSchema = z.strictObject({
  schemaVersion: z.literal(1).describe('The version of this format.'),
  name: z
    .string()
    .max(80)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens, such as mnist-2nn')
    .describe('Lower-case letters, digits and hyphens; the run directory begins with it.'),
  description: z.string().max(2000).optional().describe('What the scenario shows.'),
  seed: z.int().min(0).max(MAX_SEED).default(1).describe('Everything random in a run follows from it.'),
  data: dataSchema,
  model: modelSchema,
  federation,
  schedules,
  evaluation: z
    .strictObject({ every: z.int().min(1).default(1).describe('Rounds between evaluations on the test set.') })
    .default({ every: 1 }),
  faults: faultsSchema
    .default([])
    .describe('What befalls clients and their updates; of several rules that hit a client in a round the first acts.'),
  stop: stop.default({}),
  devices: devicesSchema.optional(),
  clientState: clientState.prefault({}),
  pool: pool.prefault({}),
  serve: serveSchema.prefault({}),
  checkpoint: checkpoint.prefault({}),
  variants: variants.optional(),
});

/** A scenario as parsed: defaults filled in. */
export type ParsedScenario = z.output<typeof scenarioSchema>;
