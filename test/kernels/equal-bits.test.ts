import fc from 'fast-check';
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { isWasmSupported, wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { RandomStream } from 'fedtempo/shared/math/rng.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { expect, test } from 'vitest';
import { caseParts, makeCase, outcome, randomExamples } from '../support/kernel-cases.js';

test('this engine runs the module', () => {
  expect(isWasmSupported()).toBe(true);
});

test('WebAssembly has the bits of the reference over shapes, tails and densities', () => {
  fc.assert(
    fc.property(caseParts, (parts) => {
      const given = makeCase(parts);
      expect(outcome(wasmKernels, given)).toEqual(outcome(referenceKernels, given));
    }),
    { numRuns: 400 },
  );
});

test('a core that trains one shard after another has the bits of a fresh core each time', () => {
  const random = new RandomStream(3, 'synthetic', 0, 0);
  const model = createModel([37, 21, 5], 'tanh', 'softmaxCrossEntropy');
  const shape = { featureCount: 37, classCount: 5 };
  const shards = [7, 90, 1, 33].map((examples, index) =>
    randomExamples({ examples, ...shape }, index % 2 === 0 ? 0.2 : 1, false, random),
  );
  const reused = wasmKernels.createCore(model);
  for (const batch of [3, 1, 20, 2, 64]) {
    for (const shard of shards) {
      const steps = {
        batchSizes: Uint32Array.from([batch, batch + 1]),
        learningRates: Float32Array.from([0.3, 0.1]),
      };
      const order = Uint32Array.from({ length: 2 * batch + 1 }, () => random.below(shard.examples));
      const weights = initialize(model, 'uniform', batch);
      const given = { model, examples: shard, weights, order, steps };
      const expected = outcome(referenceKernels, given);
      const trained = weights.slice();
      reused.load(shard);
      expect(reused.train(trained, order, steps)).toEqual(expected.totals);
      expect(new Uint32Array(trained.buffer)).toEqual(expected.words);
      expect(reused.evaluate(trained)).toEqual(expected.evaluation);
    }
  }
});
