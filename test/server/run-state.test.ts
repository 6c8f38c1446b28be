import type { InFlight } from 'fedtempo/server/in-flight.js';
import { decodeState, encodeState, type RunState } from 'fedtempo/server/run-state.js';
import { encodeCheckpoint, readCheckpoint } from 'fedtempo/server/store/checkpoint.js';
import type { Tensors } from 'fedtempo/server/store/safetensors.js';
import { expect, test } from 'vitest';
import { facts, layout, velocity, weights } from '../support/checkpoint.js';

const metrics = { loss: Number.POSITIVE_INFINITY, accuracy: 0.5, examplesUsed: 20 };
const used = { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 4, steps: 5, truncatedBatches: 0 };
const common = { round: 1, client: 3, kind: 'update', examples: 20, updateDigest: 'ab', trainMs: 1.5 } as const;
const updateRecord = { ...common, ...metrics, ...used, worker: 1 };
const update = { ...common, metrics, used };

const state: RunState = {
  rounds: 12,
  last: undefined,
  weights,
  serverState: { velocity, second: velocity.map((value) => -value) },
  adaptive: { learningRate: { best: 0.1 + 0.2, bad: 3 }, stop: { best: null } },
  abandoned: 4,
  seconds: 1234.567,
};

function thereAndBack(given: RunState, change: (parts: { state: unknown; further: Tensors }) => object = (x) => x) {
  const parts = encodeState(given);
  const { state: json, further } = { ...parts, ...change(parts) };
  const bytes = encodeCheckpoint({ ...facts, state: json }, layout, given.weights, further);
  return decodeState(readCheckpoint(bytes, 'c'), layout, undefined);
}

test('a state comes back from a checkpoint as it was, bit for bit', () => {
  expect(thereAndBack(state)).toEqual(state);
  const without = { ...state, serverState: undefined };
  expect(thereAndBack(without)).toEqual(without);
});

/** Of an asynchronous run: a task that has trained, one that has not, and one that will drop out. */
const flight = { client: 3, start: 0.5, finish: 0.1 + 0.7, drops: false, joules: 2, bytesDown: 9, bytesUp: 7 };
const failure = { round: 1, client: 4, kind: 'failure', code: 'client-error', reason: 'none' } as const;
const inFlight: InFlight = {
  timeline: {
    clock: 0.7,
    version: 2,
    nextTask: 8,
    selections: 5,
    wakeAt: null,
    activeAt: 0.6,
    inFlight: [
      { ...flight, task: 5, startVersion: 1 },
      { ...flight, task: 6, client: 4, startVersion: 1 },
      { ...flight, task: 7, client: 5, startVersion: 2 },
    ],
    buffer: [{ ...flight, task: 4, client: 8, startVersion: 0, staleness: 2 }],
    discarded: [{ ...flight, task: 3, client: 9, startVersion: 1, drops: true, reason: 'dropped-out' }],
  },
  versions: new Map([[2, { weights: weights.map((weight) => weight / 3), overrides: { learningRate: 0.1 } }]]),
  trained: new Map([
    [6, { record: { ...failure, worker: 0 }, reply: failure, kept: undefined }],
    [
      5,
      { record: updateRecord, reply: { ...update, squaredNorm: Number.NaN }, kept: weights.map((weight) => -weight) },
    ],
  ]),
};

test('tasks in flight come back too, those that have trained and those that have not', () => {
  expect(thereAndBack({ ...state, inFlight })).toEqual({ ...state, inFlight });
  const lost = ({ further }: { further: Tensors }) => ({
    further: new Map([...further].filter(([name]) => name !== 'inFlight.version.2')),
  });
  expect(() => thereAndBack({ ...state, inFlight }, lost)).toThrow(/tensor version\.2 is missing/);
  const short = new Map([['inFlight.version.2', { shape: [3], values: weights.slice(0, 3) }]]);
  expect(() => thereAndBack({ ...state, inFlight }, () => ({ further: short }))).toThrow(/is not F32 \[26\]/);
  const { inFlight: json } = encodeState({ ...state, inFlight }).state as { inFlight: object };
  const broken = { ...encodeState(state).state, inFlight: { ...json, trained: 7 } };
  expect(() => thereAndBack(state, () => ({ state: broken }))).toThrow(/does not hold the state of a run/);
});

test('so do the edges of a hierarchy, those that have moved and none', () => {
  const edge = (factor: number) => ({ weights: weights.map((value) => factor * value), examples: 100 * factor });
  const moved = new Map([1, 4, 9].map((number) => [number, edge(number)]));
  for (const each of [moved, new Map()]) {
    const given = { ...state, hierarchy: { cloud: weights.map((value) => -value), moved: each } };
    expect(thereAndBack(given)).toEqual(given);
  }
  const hierarchy = { cloud: weights, moved };
  const short = new Map([['hierarchy.cloud', { shape: [26], values: weights }]]);
  expect(() => thereAndBack({ ...state, hierarchy }, () => ({ further: short }))).toThrow(
    /tensor hierarchy\.edges is not F32 \[3 × 26\]/,
  );
});

test('what does not fit the model or is no state is refused', () => {
  const short = new Map([['state.velocity', { shape: [3], values: velocity.slice(0, 3) }]]);
  expect(() => thereAndBack(state, () => ({ further: short }))).toThrow(/tensor state\.velocity is not F64 \[26\]/);
  const single = new Map([['state.velocity', { shape: [26], values: weights }]]);
  expect(() => thereAndBack(state, () => ({ further: single }))).toThrow(/is not F64/);
  expect(() => thereAndBack(state, () => ({ state: { adaptive: {} } }))).toThrow(/found: {4}state\.abandoned/);
  expect(() => thereAndBack(state, () => ({ state: null }))).toThrow(/CHECKPOINT_INVALID|does not hold the state/);
});
