/**
 * A number of the device model: fixed, or drawn once for each client. Measured device speeds and bandwidths are skewed
 * with a long tail, which a log-normal describes well (FedScale: Lai et al. 2022, section 3.2).
 */
import { z } from 'zod';
import { exponential } from '../math/elementary.js';
import type { RandomStream } from '../math/rng.js';

/** A truncated normal narrower than this many standard deviations would reject nearly all that is drawn. */
const NARROWEST = 0.1;

const uniform = z
  .strictObject({ kind: z.literal('uniform'), from: z.number().min(0), to: z.number().min(0) })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'at least as much as from' })
  .describe('Every value between from and to alike.');

const logNormal = z
  .strictObject({
    kind: z.literal('logNormal'),
    median: z.number().positive(),
    sigma: z.number().min(0).max(10).describe('Standard deviation of the logarithm.'),
  })
  .describe('median · e^(σz), z standard normal.');

const exponentialKind = z
  .strictObject({ kind: z.literal('exponential'), mean: z.number().positive() })
  .describe('−mean · ln u, u uniform in (0, 1].');

const normal = z
  .strictObject({
    kind: z.literal('normal'),
    mean: z.number().min(0),
    stddev: z.number().min(0),
    min: z.number().min(0).default(0).describe('Values below are drawn again.'),
    max: z.number().optional().describe('Values above are drawn again.'),
  })
  .refine(({ mean, min, max = Number.POSITIVE_INFINITY }) => min <= mean && mean <= max, {
    path: ['mean'],
    message: 'a mean between min and max',
  })
  .refine(({ stddev, min, max }) => max === undefined || max - min >= NARROWEST * stddev, {
    path: ['max'],
    message: `min and max at least ${NARROWEST} standard deviations apart`,
  })
  .describe('Normal, truncated to min..max.');

export const distributionSchema = z.discriminatedUnion('kind', [uniform, logNormal, exponentialKind, normal]);

/** A distribution of numbers from 0. */
export type Distribution = z.output<typeof distributionSchema>;

/** One value. Draws as many words of the stream as the kind needs: give each quantity a stream of its own. */
export function draw(spec: number | Distribution, random: RandomStream): number {
  if (typeof spec === 'number') return spec;
  switch (spec.kind) {
    case 'uniform':
      return spec.from + (spec.to - spec.from) * random.uniform();
    case 'logNormal':
      return spec.median * exponential(spec.sigma * random.normal());
    case 'exponential':
      return spec.mean * random.exponential();
    case 'normal': {
      const { mean, stddev, min, max = Number.POSITIVE_INFINITY } = spec;
      let value = mean + stddev * random.normal();
      // At least one draw in thirty is inside: the mean is, and the limits are no closer than the schema allows.
      while (value < min || value > max) value = mean + stddev * random.normal();
      return value;
    }
  }
}

/**
 * The middle of a distribution: half of the clients are below it. That of a truncated normal is its mean, which is right
 * if the limits are as far on one side as on the other. For texts that say what to expect, never for results.
 */
export function median(spec: number | Distribution): number {
  if (typeof spec === 'number') return spec;
  switch (spec.kind) {
    case 'uniform':
      return (spec.from + spec.to) / 2;
    case 'logNormal':
      return spec.median;
    case 'exponential':
      return spec.mean * Math.LN2;
    case 'normal':
      return spec.mean;
  }
}
