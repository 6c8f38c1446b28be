/** What a formula may name: variables of progress, constants, functions. All from IEEE arithmetic and shared/math. */
import { cosine, exponential, logarithm } from '../../math/elementary.js';
import type { Progress } from '../schedule.js';

export const variables: Record<string, (t: number, progress: Progress) => number> = {
  t: (t) => t,
  round: (_, { round }) => round,
  totalRounds: (_, { totalRounds }) => totalRounds,
  step: (_, { step }) => step,
  totalSteps: (_, { totalSteps }) => totalSteps,
  examplesSeen: (_, { examplesSeen }) => examplesSeen,
  totalExamples: (_, { totalExamples }) => totalExamples,
};

export const constants: Record<string, number> = { pi: Math.PI };

interface FormulaFunction {
  readonly least: number;
  readonly most: number;
  readonly apply: (values: readonly number[]) => number;
}

const one = (apply: (x: number) => number): FormulaFunction => ({ least: 1, most: 1, apply: ([x]) => apply(x) });

export const functions: Record<string, FormulaFunction> = {
  min: { least: 2, most: 16, apply: (values) => Math.min(...values) },
  max: { least: 2, most: 16, apply: (values) => Math.max(...values) },
  sqrt: one(Math.sqrt),
  exp: one(exponential),
  log: one(logarithm),
  cos: one(cosine),
  abs: one(Math.abs),
  floor: one(Math.floor),
  ceil: one(Math.ceil),
  round: one((x) => Math.floor(x + 0.5)),
  if: { least: 3, most: 3, apply: ([condition, yes, no]) => (condition !== 0 ? yes : no) },
};
