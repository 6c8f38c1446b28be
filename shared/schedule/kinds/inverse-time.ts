/**
 * Inverse-time decay: value_t = start / (1 + rate · t/every)^power, or ⌊t/every⌋ as a staircase.
 *
 * FedAvg on unlike clients reaches the optimum with η_t = β/(γ + t) (Li et al. 2020, "On the Convergence of FedAvg on
 * Non-IID Data"): that is start = β/γ and rate = 1/γ.
 */
import { z } from 'zod';
import { power as raise } from '../../math/elementary.js';
import { defineKind, fields } from '../kind.js';

export const inverseTime = defineKind({
  schema: z.strictObject({
    kind: z.literal('inverseTime'),
    start: fields.start,
    rate: z.number().nonnegative().max(1e9).describe('How fast it falls: half of the start at t = every/rate.'),
    every: z.int().min(1).default(1).describe('Positions that count as one.'),
    staircase: z.boolean().default(false).describe('Fall only at multiples of `every`.'),
    power: fields.power.default(1).describe('1 is Robbins and Monro’s 1/t.'),
  }),
  create:
    ({ start, rate, every, staircase, power }) =>
    (t) =>
      start / raise(1 + rate * (staircase ? Math.floor(t / every) : t / every), power),
});
