/**
 * What a run carries from one round to the next, all of it: a run that begins with the state after round r goes on with
 * the bits of one that was never interrupted. A checkpoint holds it as tensors and JSON.
 */
import { z } from 'zod';
import { FedtempoError, messageOf } from '../shared/errors.js';
import type { ServerState } from '../shared/federation/algorithm.js';
import type { Hierarchy } from '../shared/federation/hierarchy.js';
import type { ModelLayout } from '../shared/model/layout.js';
import type { AdaptiveStates } from './adaptive-control.js';
import { decodeHierarchy, encodeHierarchy, hierarchyFacts } from './hierarchy-state.js';
import { decodeInFlight, encodeInFlight, type InFlight, type InFlightJson } from './in-flight.js';
import { type Checkpoint, weightsOf } from './store/checkpoint.js';
import type { KeptRecord } from './store/records.js';
import type { Tensor } from './store/safetensors.js';

export interface RunState {
  /** Rounds done. */
  readonly rounds: number;
  /** The record of the last one; its totals are continued. Undefined before the first. */
  readonly last: KeptRecord | undefined;
  /** Global weights [p]. */
  readonly weights: Float32Array;
  readonly serverState: ServerState;
  /** Edges and cloud; undefined in a flat federation, and before the first round. */
  readonly hierarchy?: Hierarchy | undefined;
  readonly adaptive: AdaptiveStates;
  /** The virtual clock; 0 without a device model. */
  readonly seconds: number;
  /** Of an asynchronous run that has begun. */
  readonly inFlight?: InFlight | undefined;
  /** Rounds in a row, up to the last, that were not committed. */
  readonly abandoned: number;
}

/** Before the first round. @param weights the first global weights [p] */
export function firstState(weights: Float32Array): RunState {
  return { rounds: 0, last: undefined, weights, serverState: undefined, adaptive: {}, seconds: 0, abandoned: 0 };
}

/** Tensors of the server's optimizer are named so. */
const PREFIX = 'state.';

/** Those of an asynchronous run’s tasks in flight. */
const IN_FLIGHT_PREFIX = 'inFlight.';

const jsonSchema = z.strictObject({
  adaptive: z.record(z.string(), z.unknown()),
  abandoned: z.int().min(0),
  seconds: z.number().min(0),
  hierarchy: hierarchyFacts.optional(),
  inFlight: z.unknown().optional(),
});

/** The part of a state that is not the model, as a checkpoint takes it. */
export function encodeState({ serverState = {}, hierarchy, adaptive, abandoned, seconds, inFlight }: RunState) {
  const tensors = Object.entries(serverState).map(([name, values]): [string, Tensor] => [
    `${PREFIX}${name}`,
    { shape: [values.length], values },
  ]);
  const edges = hierarchy === undefined ? undefined : encodeHierarchy(hierarchy);
  tensors.push(...(edges?.tensors ?? []));
  const state = { adaptive, abandoned, seconds, hierarchy: edges?.facts } satisfies z.input<typeof jsonSchema>;
  if (inFlight === undefined) return { state, further: new Map(tensors) };
  const { json, tensors: flying } = encodeInFlight(inFlight);
  for (const [name, values] of flying) tensors.push([`${IN_FLIGHT_PREFIX}${name}`, { shape: [values.length], values }]);
  return { state: { ...state, inFlight: json }, further: new Map(tensors) };
}

/**
 * @param last the record of the last round that the checkpoint holds
 * @throws FedtempoError CHECKPOINT_INVALID
 */
export function decodeState(checkpoint: Checkpoint, layout: ModelLayout, last: KeptRecord | undefined): RunState {
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
    const { inFlight: json, hierarchy: facts, ...rest } = jsonSchema.parse(state);
    const hierarchy = facts && decodeHierarchy(facts, tensors, layout.parameters);
    const inFlight =
      json === undefined ? undefined : decodeInFlight(json as InFlightJson, flyingTensors(tensors, layout));
    return { rounds, last, weights, serverState: named, hierarchy, ...rest, inFlight };
  } catch (error) {
    throw new FedtempoError('CHECKPOINT_INVALID', 'the checkpoint does not hold the state of a run', {
      found: error instanceof z.ZodError ? `state.${error.issues[0].path.join('.')}` : messageOf(error),
      expected: 'what this version writes',
    });
  }
}

function flyingTensors(tensors: Checkpoint['tensors'], { parameters }: ModelLayout): ReadonlyMap<string, Float32Array> {
  const flying = [...tensors].filter(([name]) => name.startsWith(IN_FLIGHT_PREFIX));
  const entries = flying.map(([name, { values }]): [string, Float32Array] => {
    if (values instanceof Float32Array && values.length === parameters)
      return [name.slice(IN_FLIGHT_PREFIX.length), values];
    throw new RangeError(`tensor ${name} is not F32 [${parameters}]`);
  });
  return new Map(entries);
}
