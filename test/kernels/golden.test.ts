import { readFileSync } from 'node:fs';
import type { StepTable } from 'fedtempo/shared/kernels/kernels.js';
import { referenceKernels } from 'fedtempo/shared/kernels/reference/reference.js';
import { wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { type Activation, createModel, type Loss } from 'fedtempo/shared/model/model.js';
import { type ClientOptimizerKind, createClientOptimizer } from 'fedtempo/shared/optimizer/client-optimizer.js';
import { expect, test } from 'vitest';

interface Golden {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRates: Record<ClientOptimizerKind, number>;
  readonly tasks: Record<string, Task>;
  readonly cases: readonly Case[];
}

interface Task {
  readonly classes: number;
  readonly widths: readonly number[];
  readonly weights: readonly number[];
  readonly features: readonly number[];
  readonly labels: readonly number[];
  readonly order: readonly number[];
}

interface Case {
  readonly task: string;
  readonly activation: Activation;
  readonly loss: Loss;
  readonly optimizer: ClientOptimizerKind;
  readonly weightDecay: number;
  readonly clipNorm: number | null;
  readonly lossSum: number;
  readonly weights: readonly number[];
}

/**
 * Relative to max(1, |w|); weights stay below 2. One float32 operation errs by at most 2^−24 ≈ 6e-8 relative, and twenty
 * steps leave some eight such errors in the worst weight (4.8e-7 measured over all cases): the bound is four times that.
 */
const TOLERANCE = 2e-6;

const golden: Golden = JSON.parse(readFileSync(new URL('../golden/training.json', import.meta.url), 'utf8'));

function run(kernels: typeof wasmKernels, given: Case) {
  const task = golden.tasks[given.task];
  const core = kernels.createCore(createModel(task.widths, given.activation, given.loss));
  core.load({
    examples: task.labels.length,
    featureCount: task.widths[0],
    classCount: task.classes,
    features: Float32Array.from(task.features),
    labels: Int32Array.from(task.labels),
  });
  const column = (value: number) => new Float32Array(golden.steps).fill(value);
  const steps: StepTable = {
    batchSizes: new Uint32Array(golden.steps).fill(golden.batchSize),
    learningRates: column(golden.learningRates[given.optimizer]),
    ...(given.weightDecay === 0 ? {} : { weightDecays: column(given.weightDecay) }),
    ...(given.clipNorm === null ? {} : { clipNorms: column(given.clipNorm) }),
  };
  const weights = Float32Array.from(task.weights);
  const options = { optimizer: createClientOptimizer(given.optimizer) };
  return { weights, totals: core.train(weights, Uint32Array.from(task.order), steps, options) };
}

const name = ({ task, activation, loss, optimizer, weightDecay, clipNorm }: Case) =>
  [activation, loss, optimizer, task, weightDecay > 0 ? 'decay' : '', clipNorm === null ? '' : 'clip'].join(' ').trim();

test.each(golden.cases.map((given) => [name(given), given] as const))('20 steps as PyTorch: %s', (_, given) => {
  const { weights, totals } = run(referenceKernels, given);
  let worst = 0;
  for (const [index, expected] of given.weights.entries()) {
    worst = Math.max(worst, Math.abs(weights[index] - expected) / Math.max(1, Math.abs(expected)));
  }
  expect(worst).toBeLessThan(TOLERANCE);
  expect(Math.abs(totals.lossSum - given.lossSum) / Math.max(1, given.lossSum)).toBeLessThan(TOLERANCE);
  expect(run(wasmKernels, given)).toEqual({ weights, totals });
});
