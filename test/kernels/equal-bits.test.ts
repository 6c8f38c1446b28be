import fc from 'fast-check';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
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

test('more rows of bytes than are copied at a time, with a width that fills no vector, have the bits of the reference', () => {
  const random = new RandomStream(9, 'synthetic', 0, 0);
  const featureCount = 1001;
  const bytes = Uint8Array.from({ length: 700 * featureCount }, () => (random.below(5) === 0 ? random.below(256) : 0));
  const featureOf = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const model = createModel([featureCount, 10], 'relu', 'softmaxCrossEntropy');
  const steps = { batchSizes: Uint32Array.of(600, 30), learningRates: Float32Array.of(0.5, 0.1) };
  for (const shift of [0, 0.5]) {
    const examples: Dataset = {
      examples: 650,
      featureCount,
      classCount: 10,
      features: new Float32Array(0),
      labels: Int32Array.from({ length: 650 }, () => random.below(10)),
      indexed: {
        bytes,
        // Runs of rows, and rows in any order.
        rows: Uint32Array.from({ length: 650 }, (_, row) => (row < 400 ? row + 50 : random.below(700))),
        // Where the byte 0 stands for ½ every value counts, and the rows become dense.
        featureOf: featureOf.map((value) => value + shift),
      },
    };
    const order = Uint32Array.from({ length: 630 }, () => random.below(650));
    const given = { model, examples, weights: initialize(model, 'uniform', 1), order, steps, options: {} };
    expect(outcome(wasmKernels, given)).toEqual(outcome(referenceKernels, given));
    const dense = { ...examples, features: denseFeatures(examples) };
    delete (dense as { indexed?: unknown }).indexed;
    expect(outcome(wasmKernels, { ...given, examples: dense })).toEqual(outcome(wasmKernels, given));
  }
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
