/** Whole local training and whole evaluations, each in one call, so that no time goes to crossing the border. */
import { Job, layerOf } from './job';
import { argmax, softmaxCrossEntropy, softmaxDelta } from './loss';
import { descend, forward, gather } from './network';

/** Runs all steps; returns the sum of losses, and leaves the hits in `job.correct`. */
export function train(job: Job): f64 {
  const last = layerOf(job, job.layerCount - 1);
  const rowBytes = <usize>last.stride << 2;
  let lossSum: f64 = 0;
  let correct: u32 = 0;
  let batch = job.order;
  for (let step: usize = 0; step < job.steps; step++) {
    const rows = load<u32>(job.batchSizes + (step << 2));
    gather(job, batch, rows);
    forward(job, batch, rows);
    for (let i: u32 = 0; i < rows; i++) {
      const label = load<u32>(job.labels + (<usize>load<u32>(batch + (<usize>i << 2)) << 2));
      const row = last.output + <usize>i * rowBytes;
      correct += argmax(row, last.outputs) == label ? 1 : 0;
      lossSum += <f64>softmaxCrossEntropy(row, last.outputs, label);
      softmaxDelta(row, last.outputs, last.stride, label, rows);
    }
    descend(job, batch, rows, load<f32>(job.learningRates + (step << 2)));
    batch += <usize>rows << 2;
  }
  job.correct = correct;
  return lossSum;
}

/** Loss, hits and confusion matrix over all examples of the shard. Uses `order` as scratch for `evaluationRows` indices. */
export function evaluate(job: Job): f64 {
  const last = layerOf(job, job.layerCount - 1);
  const rowBytes = <usize>last.stride << 2;
  let lossSum: f64 = 0;
  let correct: u32 = 0;
  for (let start: u32 = 0; start < job.examples; start += job.evaluationRows) {
    const rows = min(job.evaluationRows, job.examples - start);
    const batch = job.order;
    for (let i: u32 = 0; i < rows; i++) store<u32>(batch + (<usize>i << 2), start + i);
    gather(job, batch, rows);
    forward(job, batch, rows);
    for (let i: u32 = 0; i < rows; i++) {
      const label = load<u32>(job.labels + (<usize>(start + i) << 2));
      const row = last.output + <usize>i * rowBytes;
      const predicted = argmax(row, last.outputs);
      const cell = job.confusion + (<usize>(label * job.classCount + predicted) << 2);
      store<u32>(cell, load<u32>(cell) + 1);
      correct += predicted == label ? 1 : 0;
      lossSum += <f64>softmaxCrossEntropy(row, last.outputs, label);
    }
  }
  job.correct = correct;
  return lossSum;
}
