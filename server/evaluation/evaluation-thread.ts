/** A thread that evaluates whatever weights it is sent on its share of the test set. */
import { parentPort, workerData } from 'node:worker_threads';
import { chooseKernels } from '../../shared/kernels/choose.js';
import { Spans } from '../../shared/times/spans.js';
import { sharedNow } from '../times/time-table.js';
import type { EvaluationAnswer, EvaluationThreadData } from './threads.js';

const { model, kernels, examples } = workerData as EvaluationThreadData;
const core = chooseKernels(kernels).createCore(model);
core.load(examples);
const spans = new Spans(sharedNow, true);
parentPort?.on('message', (weights: Float32Array) => {
  const totals = spans.measure('evaluate', () => core.evaluate(weights));
  parentPort?.postMessage({ totals, spent: spans.take() } satisfies EvaluationAnswer);
});
