import fc from 'fast-check';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { createWasmCore, isWasmSupported, wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { RandomStream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { expect, test } from 'vitest';
import { caseParts, makeCase, outcome } from '../support/kernel-cases.js';

test('this engine runs the module', () => {
  expect(isWasmSupported()).toBe(true);
});

test('WebAssembly has the bits of the reference over shapes, tails, densities, losses and optimizers', () => {
  fc.assert(
    fc.property(caseParts, (parts) => {
      const given = makeCase(parts);
      expect(outcome(wasmKernels, given)).toEqual(outcome(referenceKernels, given));
    }),
    { numRuns: 600 },
  );
});

test('a core that serves many trainings in turn has the bits of a fresh core each time', () => {
  const widths = [37, 21, 5];
  const batchSizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 3 });
  const trainings = fc.array(fc.record({ parts: caseParts, batchSizes, again: fc.boolean() }), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(trainings, fc.constantFrom(0, 2000, 2 ** 20), (turns, shardBytes) => {
      const model = createModel(widths, 'tanh', 'softmaxCrossEntropy');
      const reused = createWasmCore(model, shardBytes);
      let shard: Dataset | undefined;
      for (const { parts, batchSizes, again } of turns) {
        const made = makeCase({ ...parts, widths, activation: 'tanh', loss: 'softmaxCrossEntropy', batchSizes });
        if (shard === undefined || !again) shard = made.examples;
        const given = { ...made, examples: shard };
        expect(outcome({ name: 'reused', createCore: () => reused }, given)).toEqual(outcome(referenceKernels, given));
      }
    }),
    { numRuns: 60 },
  );
});

test('a bag of words with 20,000 features trains from its non-zeros, with the bits of the reference', () => {
  const random = new RandomStream(8, 'synthetic', 0, 0);
  const featureCount = 20_000;
  const rows = Array.from({ length: 40 }, () => {
    const columns = new Set(Array.from({ length: 30 }, () => random.below(featureCount)));
    return [...columns].sort((a, b) => a - b);
  });
  const columns = Uint32Array.from(rows.flat());
  const rowStarts = new Uint32Array(rows.length + 1);
  for (const [index, row] of rows.entries()) rowStarts[index + 1] = rowStarts[index] + row.length;
  const examples: Dataset = {
    examples: rows.length,
    featureCount,
    classCount: 4,
    features: new Float32Array(0),
    labels: Int32Array.from(rows, () => random.below(4)),
    sparse: { rowStarts, columns, values: Float32Array.from(columns, () => random.uniform()) },
  };
  for (const widths of [
    [featureCount, 4],
    [featureCount, 33, 4],
  ]) {
    const model = createModel(widths, 'relu', 'softmaxCrossEntropy');
    const steps = { batchSizes: Uint32Array.of(7, 20, 1), learningRates: Float32Array.of(0.5, 0.3, 0.1) };
    const order = Uint32Array.from({ length: 28 }, () => random.below(rows.length));
    const given = { model, examples, weights: initialize(model, 'uniform', 1), order, steps, options: {} };
    expect(outcome(wasmKernels, given)).toEqual(outcome(referenceKernels, given));
  }
});
