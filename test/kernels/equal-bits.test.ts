import fc from 'fast-check';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { createWasmCore, isWasmSupported, wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
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
    { numRuns: 1000 },
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
