/** Whole local training and whole evaluations, each in one call, so that no time goes to crossing the border. */
import { Job, layerOf } from './job';
import { lossAndDelta, predict } from './loss';
import { descend, forward, gather, storeGradient } from './network';
import { beginUpdates, isPlain, update } from './update';

/** Adding and subtracting 1.5 · 2^28 rounds to a multiple of 2^−24. */
const LOSS_GRID: f64 = 402653184;

/** Sum of losses and hits of the call at hand. */
let lossSum: f64 = 0;
let correct: u32 = 0;

/** Runs all steps; returns the sum of losses, and leaves the hits in `job.correct`. */
export function train(job: Job): f64 {
  lossSum = 0;
  correct = 0;
  beginUpdates(job);
  let batch = job.order;
  for (let step: usize = 0; step < job.steps; step++) {
    const rows = load<u32>(job.batchSizes + (step << 2));
    gather(job, batch, rows);
    forward(job, batch, rows);
    output(job, batch, rows, false);
    if (isPlain(job, step)) descend(job, batch, rows, load<f32>(job.learningRates + (step << 2)));
    else {
      storeGradient(job, batch, rows);
      update(job, step);
    }
    batch += <usize>rows << 2;
  }
  job.correct = correct;
  return lossSum;
}

/** Loss, hits and counts over all examples of the shard. Uses `order` as scratch for `evaluationRows` indices. */
export function evaluate(job: Job): f64 {
  lossSum = 0;
  correct = 0;
  for (let start: u32 = 0; start < job.examples; start += job.evaluationRows) {
    const rows = min(job.evaluationRows, job.examples - start);
    const batch = job.order;
    for (let i: u32 = 0; i < rows; i++) store<u32>(batch + (<usize>i << 2), start + i);
    gather(job, batch, rows);
    forward(job, batch, rows);
    output(job, batch, rows, true);
  }
  job.correct = correct;
  return lossSum;
}

/** Adds the batch's losses, one by one, and hits; leaves δ of the last layer in place of its outputs. */
function output(job: Job, batch: usize, rows: u32, counting: bool): void {
  const last = layerOf(job, job.layerCount - 1);
  const rowBytes = <usize>last.stride << 2;
  for (let i: u32 = 0; i < rows; i++) {
    const label = load<u32>(job.labels + (<usize>load<u32>(batch + (<usize>i << 2)) << 2));
    const row = last.output + <usize>i * rowBytes;
    const predicted = predict(row, last.outputs, job.loss);
    correct += predicted == label ? 1 : 0;
    const loss = <f64>lossAndDelta(job.loss, row, last.outputs, last.stride, label, predicted, rows);
    lossSum += loss + LOSS_GRID - LOSS_GRID;
    if (counting) count(job, label, predicted);
  }
}

function count(job: Job, label: u32, predicted: u32): void {
  increment(job.classExamples, label);
  if (label == predicted) increment(job.classCorrect, label);
  if (job.confusion) increment(job.confusion, label * job.classCount + predicted);
}

@inline function increment(counts: usize, index: u32): void {
  const cell = counts + (<usize>index << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}
