/**
 * Faults as data: what befalls which clients in which rounds. A scenario lists rules; of those that hit a client in a
 * round the first one acts, so that every reply has one cause at most.
 */
import { z } from 'zod';

const clients = z
  .union([
    z.array(z.int().min(0)).min(1).max(10_000),
    z.strictObject({
      fraction: z.number().positive().max(1).describe('Each client is one of them with this probability, for good.'),
    }),
    z.strictObject({ device: z.string().min(1).max(80).describe('Clients with a device of this class.') }),
  ])
  .optional()
  .describe(
    'Which clients: their numbers, a fraction of the population, or a class of devices. All of them if left out.',
  );

const rounds = z
  .union([
    z.array(z.int().min(0)).min(1).max(10_000),
    z.strictObject({
      from: z.int().min(0).default(0).describe('The first of them.'),
      to: z.int().min(0).optional().describe('The last of them; the last round of the run if left out.'),
    }),
  ])
  .optional()
  .describe('In which rounds, counted from 0: a list, or a range with both ends. All of them if left out.');

const probability = z
  .number()
  .positive()
  .max(1)
  .default(1)
  .describe('How likely it is, for each of these clients in each of these rounds.');

const target = { clients, rounds, probability };

export const attacks = ['signFlip', 'scale', 'gaussianNoise', 'zero', 'sameValue'] as const;
export type Attack = (typeof attacks)[number];

/** What `factor` is where a rule leaves it out; `zero` has none. */
export const defaultFactors: Readonly<Record<Attack, number>> = {
  signFlip: 1,
  scale: 10,
  gaussianNoise: 1,
  zero: 0,
  sameValue: 1,
};

export const corruptions = ['nan', 'infinity', 'huge', 'truncate', 'wrongExamples'] as const;
export type Corruption = (typeof corruptions)[number];

export const faultRule = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('drop'), ...target })
    .describe('The client drops out before it has an update: failure dropped-out.'),
  z.strictObject({ kind: z.literal('crash'), ...target }).describe('What hosts the client ends: failure client-lost.'),
  z
    .strictObject({ kind: z.literal('late'), ...target })
    .describe('The update comes after the round was closed: failure late.'),
  z.strictObject({ kind: z.literal('duplicate'), ...target }).describe('The update comes twice; it is counted once.'),
  z
    .strictObject({
      kind: z.literal('delay'),
      seconds: z.number().positive().max(1e9).describe('Seconds of virtual time.'),
      ...target,
    })
    .describe('The reply takes longer, in virtual time.'),
  z
    .strictObject({
      kind: z.literal('byzantine'),
      attack: z.enum(attacks).describe('What the client sends in place of its update Δ.'),
      factor: z
        .number()
        .positive()
        .max(1e9)
        .optional()
        .describe('f: signFlip −fΔ (1 if left out), scale fΔ (10), gaussianNoise Δ + f·N(0, 1) (1), sameValue f (1).'),
      ...target,
    })
    .describe('The client sends what does harm, in good form.'),
  z
    .strictObject({
      kind: z.literal('corrupt'),
      how: z
        .enum(corruptions)
        .describe('nan, infinity, huge: one parameter is; truncate: the end is missing; wrongExamples: one too many.'),
      ...target,
    })
    .describe('The update is damaged; the check refuses it.'),
]);

export type FaultRule = z.output<typeof faultRule>;
export type FaultKind = FaultRule['kind'];

/** `faults` of a scenario. */
export const faultsSchema = z.array(faultRule).max(32);
