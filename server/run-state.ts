/**
 * What a run carries from one round to the next, all of it: a run that begins with the state after round r goes on with
 * the bits of one that was never interrupted. A checkpoint holds it as tensors and JSON.
 */
import { z } from 'zod';
import { FedtempoError, messageOf } from '../shared/errors.js';
import type { ServerState } from '../shared/federation/algorithm.js';
import type { ModelLayout } from '../shared/model/layout.js';
import type { AdaptiveStates } from './adaptive-control.js';
import { type Checkpoint, weightsOf } from './store/checkpoint.js';
import type { RoundRecord } from './store/records.js';
import type { Tensor } from './store/safetensors.js';

export interface RunState {
  /** Rounds done. */
  readonly rounds: number;
  /** The record of the last one; its totals are continued. Undefined before the first. */
  readonly last: RoundRecord | undefined;
  /** Global weights [p]. */
  readonly weights: Float32Array;
  readonly serverState: ServerState;
  readonly adaptive: AdaptiveStates;
  /** Rounds in a row, up to the last, that were not committed. */
  readonly abandoned: number;
}

/** Before the first round. @param weights the first global weights [p] */
export function firstState(weights: Float32Array): RunState {
  return { rounds: 0, last: undefined, weights, serverState: undefined, adaptive: {}, abandoned: 0 };
}

/** Tensors of the server's optimizer are named so. */
const PREFIX = 'state.';

const jsonSchema = z.strictObject({ adaptive: z.record(z.string(), z.unknown()), abandoned: z.int().min(0) });

/** The part of a state that is not the model, as a checkpoint takes it. */
export function encodeState({ serverState = {}, adaptive, abandoned }: RunState) {
  const tensors = Object.entries(serverState).map(([name, values]): [string, Tensor] => [
    `${PREFIX}${name}`,
    { shape: [values.length], values },
  ]);
  return { state: { adaptive, abandoned } satisfies z.input<typeof jsonSchema>, further: new Map(tensors) };
}

/**
 * @param last the record of the last round that the checkpoint holds
 * @throws FedtempoError CHECKPOINT_INVALID
 */
export function decodeState(checkpoint: Checkpoint, layout: ModelLayout, last: RoundRecord | undefined): RunState {
  const weights = weightsOf(checkpoint, layout);
  const { rounds, tensors, state } = checkpoint;
  try {
    const entries = [...tensors].filter(([name]) => name.startsWith(PREFIX));
    const serverState = entries.map(([name, { values }]) => {
      if (values instanceof Float64Array && values.length === layout.parameters)
        return [name.slice(PREFIX.length), values];
      throw new RangeError(`tensor ${name} is not F64 [${layout.parameters}]`);
    });
    const named = entries.length === 0 ? undefined : Object.fromEntries(serverState);
    return { rounds, last, weights, serverState: named, ...jsonSchema.parse(state) };
  } catch (error) {
    throw new FedtempoError('CHECKPOINT_INVALID', 'the checkpoint does not hold the state of a run', {
      found: error instanceof z.ZodError ? `state.${error.issues[0].path.join('.')}` : messageOf(error),
      expected: 'what this version writes',
    });
  }
}
