/** All adaptive schedules, in one table, each with the hyperparameter it may drive. */
import { z } from 'zod';
import type { HyperparameterName } from '../names.js';
import type { Adaptive } from './adaptive.js';
import { fedExp } from './fed-exp.js';
import { gradientNoiseScale } from './gradient-noise-scale.js';
import { growBatchOnPlateau } from './grow-batch-on-plateau.js';
import { normTest } from './norm-test.js';
import { reduceOnPlateau } from './reduce-on-plateau.js';
import { stopWhenFlat } from './stop-when-flat.js';

export const adaptiveSchema = z.discriminatedUnion('kind', [
  reduceOnPlateau.schema,
  growBatchOnPlateau.schema,
  gradientNoiseScale.schema,
  normTest.schema,
  fedExp.schema,
  stopWhenFlat.schema,
]);
export type AdaptiveSpec = z.output<typeof adaptiveSchema>;

/** What each may drive; `stop` ends the run. */
export const adaptiveTargets = {
  reduceOnPlateau: ['learningRate', 'serverLearningRate'],
  growBatchOnPlateau: ['batchSize'],
  gradientNoiseScale: ['batchSize'],
  normTest: ['batchSize'],
  fedExp: ['serverLearningRate'],
  stopWhenFlat: ['stop'],
} as const satisfies Record<AdaptiveSpec['kind'], readonly (HyperparameterName | 'stop')[]>;

/** What drives each name; `stop` ends the run. */
export type AdaptiveSpecs = { readonly [name in HyperparameterName | 'stop']?: AdaptiveSpec | undefined };

/** Makes an adaptive schedule. Its state is plain JSON; keep it beside the weights. */
export function createAdaptive(spec: AdaptiveSpec): Adaptive<unknown, number | boolean> {
  const { create } = kinds[spec.kind] as { create: (spec: AdaptiveSpec) => unknown };
  return create(spec) as Adaptive<unknown, number | boolean>;
}

const kinds = { reduceOnPlateau, growBatchOnPlateau, gradientNoiseScale, normTest, fedExp, stopWhenFlat };
