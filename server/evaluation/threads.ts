/** Evaluates on worker threads, each with its share of the test set, so that the event loop stays free. */
import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../shared/data/dataset.js';
import { rowsBetween } from '../../shared/data/rows-between.js';
import type { KernelsName } from '../../shared/kernels/choose.js';
import type { EvaluationTotals } from '../../shared/kernels/kernels.js';
import type { Model } from '../../shared/model/model.js';
import { combine, type Evaluation, type Evaluator } from './evaluator.js';

export interface EvaluationThreadData {
  readonly model: Model;
  readonly kernels: KernelsName;
  readonly examples: Dataset;
}

export class ThreadedEvaluator implements Evaluator {
  readonly #workers: readonly Worker[];

  /**
   * @param test over shared bytes, or each thread gets a copy of them
   * @param threads threads to start; each gets a run of ⌈n / threads⌉ examples
   */
  constructor(model: Model, kernels: KernelsName, test: Dataset, threads: number) {
    const share = Math.ceil(test.examples / threads);
    const count = Math.ceil(test.examples / share);
    this.#workers = Array.from({ length: count }, (_, index) => {
      const examples = rowsBetween(test, index * share, Math.min((index + 1) * share, test.examples));
      const workerData: EvaluationThreadData = { model, kernels, examples };
      const worker = new Worker(new URL('./evaluation-thread.js', import.meta.url), { workerData });
      worker.unref();
      return worker;
    });
  }

  async evaluate(weights: Float32Array): Promise<Evaluation> {
    return combine(await Promise.all(this.#workers.map((worker) => ask(worker, weights))));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, weights: Float32Array): Promise<EvaluationTotals> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      worker.unref();
      finish();
    };
    const onMessage = (totals: EvaluationTotals) => settle(() => resolve(totals));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error('the evaluation thread ended')));
    worker.ref();
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(weights);
  });
}
