/** A thread that evaluates whatever weights it is sent on its share of the test set. */
import { parentPort, workerData } from 'node:worker_threads';
import { chooseKernels } from '../../shared/kernels/choose.js';
import type { EvaluationThreadData } from './threads.js';

const { model, kernels, examples } = workerData as EvaluationThreadData;
const core = chooseKernels(kernels).createCore(model);
core.load(examples);
parentPort?.on('message', (weights: Float32Array) => parentPort?.postMessage(core.evaluate(weights)));
