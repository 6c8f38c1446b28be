/** `serve` of a scenario: how rounds deal with clients on other machines, which come and go. In real seconds. */
import { z } from 'zod';

const seconds = z.number().positive().max(1e6);

const adaptiveDeadline = z
  .strictObject({
    percentile: z.number().positive().max(1).default(0.9).describe('q: of what the last 20 rounds took.'),
    factor: z.number().min(1).max(100).default(2).describe('So many times the q-quantile.'),
    atLeast: seconds.default(5).describe('Seconds.'),
    atMost: seconds.default(600).describe('Seconds; also before the first round.'),
  })
  .refine(({ atLeast, atMost }) => atLeast <= atMost, 'atLeast is more than atMost')
  .describe('A deadline that follows what rounds take.');

export const serveSchema = z
  .strictObject({
    quorum: z
      .int()
      .min(1)
      .optional()
      .describe('Clients that must be there before a round is announced; the size of the cohort if left out.'),
    overSelection: z
      .number()
      .min(1)
      .max(100)
      .default(1)
      .describe('So many times the cohort is asked; the first replies count, as many as the cohort.'),
    deadlineSeconds: z
      .union([seconds, adaptiveDeadline])
      .default(600)
      .describe('When a round is closed without those who have not replied.'),
    lostAfterSeconds: seconds.default(10).describe('How long a round waits for a client whose connection is gone.'),
    attempts: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(20)
      .describe(
        'How often a round is tried that has fewer replies than federation.minimumReplies; then the run stops.',
      ),
  })
  .describe('For fedtempo serve: how rounds wait for clients on other machines. Which replies count is recorded.');

export type ServeSpec = z.output<typeof serveSchema>;
