import { decodeState, encodeState, type RunState } from 'fedtempo/server/run-state.js';
import { encodeCheckpoint, readCheckpoint } from 'fedtempo/server/store/checkpoint.js';
import type { Tensors } from 'fedtempo/server/store/safetensors.js';
import { expect, test } from 'vitest';
import { facts, layout, velocity, weights } from '../support/checkpoint.js';

const state: RunState = {
  rounds: 12,
  last: undefined,
  weights,
  serverState: { velocity, second: velocity.map((value) => -value) },
  adaptive: { learningRate: { best: 0.1 + 0.2, bad: 3 }, stop: { best: null } },
  abandoned: 4,
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

test('what does not fit the model or is no state is refused', () => {
  const short = new Map([['state.velocity', { shape: [3], values: velocity.slice(0, 3) }]]);
  expect(() => thereAndBack(state, () => ({ further: short }))).toThrow(/tensor state\.velocity is not F64 \[26\]/);
  const single = new Map([['state.velocity', { shape: [26], values: weights }]]);
  expect(() => thereAndBack(state, () => ({ further: single }))).toThrow(/is not F64/);
  expect(() => thereAndBack(state, () => ({ state: { adaptive: {} } }))).toThrow(/found: {4}state\.abandoned/);
  expect(() => thereAndBack(state, () => ({ state: null }))).toThrow(/CHECKPOINT_INVALID|does not hold the state/);
});
