/**
 * The study file: a base scenario, arms that change values of it, and seeds. One schema gives the types, the
 * validation and the JSON Schema that editors read; unknown keys are refused.
 */
import { z } from 'zod';
import { MAX_SEED } from '../math/rng.js';

/** The most arms and seeds of one study; beyond, a table and a page say nothing any more. */
export const MAX_ARMS = 20;
export const MAX_SEEDS = 100;

/** Rounds at the end over which the spread is taken, unless the study says otherwise. */
export const DEFAULT_LAST_ROUNDS = 20;

const arm = z.strictObject({
  name: z
    .string()
    .max(40)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens, such as step-decay')
    .describe('Lower-case letters, digits and hyphens.'),
  label: z.string().min(1).max(60).optional().describe('How tables and curves call the arm; its name if left out.'),
  set: z
    .record(z.string(), z.json())
    .default({})
    .describe('The values of the scenario that this arm changes, by path, such as schedules.learningRate: 0.05.'),
});

const seeds = z
  .union([
    z.array(z.int().min(0).max(MAX_SEED)).min(1).max(MAX_SEEDS),
    z.strictObject({
      from: z.int().min(0).max(MAX_SEED).default(1).describe('The first seed.'),
      count: z.int().min(1).max(MAX_SEEDS).describe('How many seeds, one after the other.'),
    }),
  ])
  .describe('A trial of every arm for each seed: a list, or { from: 1, count: 5 }.');

export const studySchema = z.strictObject({
  schemaVersion: z.literal(1).describe('The version of this format.'),
  name: z
    .string()
    .max(80)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens, such as decay-vs-grow-batch')
    .describe('Lower-case letters, digits and hyphens; the folder of the study.'),
  question: z.string().max(1000).optional().describe('What the study asks; its page begins with it.'),
  scenario: z.string().min(1).describe('The base scenario file, relative to the study file.'),
  seeds,
  arms: z
    .array(arm)
    .min(2)
    .max(MAX_ARMS)
    .describe('What is compared; every arm after the first is compared with the first.'),
  target: z
    .strictObject({
      testAccuracy: z
        .number()
        .positive()
        .max(1)
        .optional()
        .describe('Reached once the test accuracy is at least this.'),
      testLoss: z.number().nonnegative().optional().describe('Reached once the test loss is at most this.'),
    })
    .optional()
    .describe(
      "What rounds, examples, steps and bytes are counted to; the scenario's `stop` if left out. Stops no trial.",
    ),
  lastRounds: z
    .int()
    .min(2)
    .optional()
    .describe(`Rounds at the end over which the spread is taken; ${DEFAULT_LAST_ROUNDS}, or all if there are fewer.`),
  atOnce: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Trials that run at once; as many as there are cores if left out.'),
});

export type ParsedStudy = z.output<typeof studySchema>;

/** Draft 2020-12, for what a person writes: values with a default may be left out. */
export function studyJsonSchema(): object {
  return { title: 'fedtempo study', ...z.toJSONSchema(studySchema, { io: 'input' }) };
}
