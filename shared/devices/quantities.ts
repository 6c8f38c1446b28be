/** What a device is described by: one table for the schema, the columns of a trace, and what is drawn for a client. */
import { z } from 'zod';
import { type Distribution, distributionSchema } from './distribution.js';

interface Quantity {
  /** The slot of its stream: part of every digest. Append, never renumber. */
  readonly slot: number;
  /** The admitted range; what a distribution draws beyond it is moved to its edge. */
  readonly min: number;
  readonly max: number;
  /** What holds if it is left out; undefined if it may not be. */
  readonly fallback?: number;
  readonly description: string;
}

/** Slot 0 of a client's device draws its class. */
export const quantities = {
  examplesPerSecond: {
    slot: 1,
    min: 1e-3,
    max: 1e9,
    description: 'Training examples that it works through in a second.',
  },
  downloadMbps: { slot: 2, min: 1e-6, max: 1e6, description: 'Millions of bits that it receives in a second.' },
  uploadMbps: { slot: 3, min: 1e-6, max: 1e6, description: 'Millions of bits that it sends in a second.' },
  latencyMs: { slot: 4, min: 0, max: 1e6, fallback: 0, description: 'Delay of a message, one way.' },
  jitter: {
    slot: 5,
    min: 0,
    max: 3,
    fallback: 0,
    description: 'σ: in each task training takes e^(σz) times as long, z standard normal.',
  },
  failureRate: {
    slot: 6,
    min: 0,
    max: 1,
    fallback: 0,
    description: 'Probability that a task drops out, at a moment uniform in its duration.',
  },
  computeWatts: { slot: 7, min: 0, max: 1e6, fallback: 0, description: 'Power while it trains.' },
  radioWatts: { slot: 8, min: 0, max: 1e6, fallback: 0, description: 'Power while it receives or sends.' },
} as const satisfies Record<string, Quantity>;

export type QuantityName = keyof typeof quantities;
export const quantityNames = Object.keys(quantities) as QuantityName[];

/** The slot that moves a client's window of availability. */
export const WINDOW_SLOT = 9;

/** A device's quantities, each a number in its range. */
export type Quantities = { readonly [name in QuantityName]: number };

/** The admitted range of a quantity. */
export function rangeOf(name: QuantityName): Quantity {
  return quantities[name];
}

/** The value moved into the quantity's range. */
export function admitted(name: QuantityName, value: number): number {
  const { min, max } = quantities[name];
  return Math.min(max, Math.max(min, value));
}

type Written = number | Distribution;

/** A number or a distribution for each quantity; those with a fallback may be left out. */
export const quantityShape = {
  examplesPerSecond: written('examplesPerSecond'),
  downloadMbps: written('downloadMbps'),
  uploadMbps: written('uploadMbps'),
  latencyMs: written('latencyMs').default(quantities.latencyMs.fallback),
  jitter: written('jitter').default(quantities.jitter.fallback),
  failureRate: written('failureRate').default(quantities.failureRate.fallback),
  computeWatts: written('computeWatts').default(quantities.computeWatts.fallback),
  radioWatts: written('radioWatts').default(quantities.radioWatts.fallback),
} satisfies Record<QuantityName, z.ZodType<Written, unknown>>;

function written(name: QuantityName) {
  const { min, max, description } = rangeOf(name);
  return z.union([z.number().min(min).max(max), distributionSchema]).describe(description);
}
