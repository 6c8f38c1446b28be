/** A small checkpoint with everything in it that one may hold. */

import { type CheckpointFacts, encodeCheckpoint } from 'fedtempo/server/store/checkpoint.js';
import { createModel } from 'fedtempo/shared/model/model.js';

export const { layout } = createModel([3, 4, 2], 'tanh', 'softmaxCrossEntropy');
export const weights = Float32Array.from({ length: layout.parameters }, (_, index) => (index - 7) / 3);
export const velocity = Float64Array.from({ length: layout.parameters }, (_, index) => index / 7);

export const facts: CheckpointFacts = {
  name: 'small',
  seed: 4,
  rounds: 12,
  scenario: 'a'.repeat(64),
  dataset: 'b'.repeat(64),
  lines: { rounds: 12, clients: 60 },
  clientState: null,
  state: { adaptive: { learningRate: { best: 0.5, bad: 2 } }, abandoned: 0 },
};

/** @param rounds which mark it */
export function smallCheckpoint(rounds = facts.rounds): Buffer {
  const further = new Map([['state.velocity', { shape: [velocity.length], values: velocity }]]);
  return encodeCheckpoint({ ...facts, rounds }, layout, weights, further);
}
