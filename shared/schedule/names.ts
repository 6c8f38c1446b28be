/** The hyperparameters that a schedule can drive: for each its range, whether it is whole, and the units it may count. */
import type { Unit } from './schedule.js';

export interface Hyperparameter {
  /** What tables and pictures call it. */
  readonly title: string;
  /** The letter that formulas use. */
  readonly symbol: string;
  readonly min: number;
  readonly max: number;
  /** The ends of the range that are not part of it. */
  readonly open?: 'min' | 'max';
  /**
   * Whole numbers are rounded to the nearest, halves up, then clamped to min..max: a batch size that decays to 0 stays
   * at 1. Real numbers outside their range are refused, never clamped.
   */
  readonly integer: boolean;
  readonly units: readonly Unit[];
}

const held: readonly Unit[] = ['round', 'examples'];
const moving: readonly Unit[] = ['round', 'step', 'examples'];
/** Clients compute in float32: beyond its largest value a number would become infinite there. */
const LARGEST = 3.4028234663852886e38;
const real = { min: 0, max: LARGEST, integer: false };

export const hyperparameters = {
  learningRate: { title: 'learning rate', symbol: 'η', ...real, units: moving },
  batchSize: { title: 'batch size', symbol: 'B', min: 1, max: 2 ** 31 - 1, integer: true, units: held },
  localEpochs: { title: 'local epochs', symbol: 'E', min: 1, max: 10_000, integer: true, units: held },
  localSteps: { title: 'local steps', symbol: 'K', min: 1, max: 1_000_000, integer: true, units: held },
  cohortSize: { title: 'cohort', symbol: 'S', min: 1, max: 2 ** 31 - 1, integer: true, units: held },
  serverLearningRate: { title: 'server learning rate', symbol: 'ηₛ', ...real, units: held },
  clientMomentum: { title: 'client momentum', symbol: 'β', ...real, max: 1, open: 'max', units: moving },
  serverMomentum: { title: 'server momentum', symbol: 'βₛ', ...real, max: 1, open: 'max', units: held },
  proximalMu: { title: 'proximal μ', symbol: 'μ', ...real, units: moving },
  weightDecay: { title: 'weight decay', symbol: 'λ', ...real, units: moving },
  clipNorm: { title: 'clip norm', symbol: 'c', ...real, open: 'min', units: moving },
} as const satisfies Record<string, Hyperparameter>;

export type HyperparameterName = keyof typeof hyperparameters;
export const hyperparameterNames = Object.keys(hyperparameters) as HyperparameterName[];

/** Whether a value may be used as it is; whole ones are asked before rounding. */
export function inRange({ min, max, open, integer }: Hyperparameter, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (integer) return true;
  return (open === 'min' ? value > min : value >= min) && (open === 'max' ? value < max : value <= max);
}

/** The value as it is used. */
export function settle({ min, max, integer }: Hyperparameter, value: number): number {
  return integer ? Math.min(max, Math.max(min, Math.floor(value + 0.5))) : value;
}

/** The range in words. */
export function rangeText({ min, max, open }: Hyperparameter): string {
  const low = open === 'min' ? `more than ${min}` : `at least ${min}`;
  if (max === LARGEST) return low;
  return `${low} and ${open === 'max' ? 'less than' : 'at most'} ${max}`;
}
