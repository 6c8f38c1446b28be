/** Evaluates on worker threads, each with its share of the test set, so that the event loop stays free. */
import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../shared/data/dataset.js';
import { rowsBetween } from '../../shared/data/rows-between.js';
import type { KernelsName } from '../../shared/kernels/choose.js';
import type { EvaluationTotals } from '../../shared/kernels/kernels.js';
import type { Model } from '../../shared/model/model.js';
import type { Spent } from '../../shared/times/spans.js';
import { combine, type Evaluation, type Evaluator } from './evaluator.js';

export interface EvaluationThreadData {
  readonly model: Model;
  readonly kernels: KernelsName;
  readonly examples: Dataset;
}

export interface EvaluationAnswer {
  readonly totals: EvaluationTotals;
  readonly spent: Spent;
}

export class ThreadedEvaluator implements Evaluator {
  readonly #workers: readonly Worker[];
  readonly #onEvaluated: (thread: number, spent: Spent) => void;

  /**
   * @param test over shared bytes, or each thread gets a copy of them
   * @param threads threads to start; each gets a run of ⌈n / threads⌉ examples
   * @param onEvaluated told what each thread has evaluated
   */
  constructor(
    model: Model,
    kernels: KernelsName,
    test: Dataset,
    threads: number,
    onEvaluated: (thread: number, spent: Spent) => void = () => {},
  ) {
    this.#onEvaluated = onEvaluated;
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
    const answers = await Promise.all(this.#workers.map((worker) => ask(worker, weights)));
    answers.forEach(({ spent }, thread) => {
      this.#onEvaluated(thread, spent);
    });
    return combine(answers.map(({ totals }) => totals));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, weights: Float32Array): Promise<EvaluationAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      worker.unref();
      finish();
    };
    const onMessage = (answer: EvaluationAnswer) => settle(() => resolve(answer));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error('the evaluation thread ended')));
    worker.ref();
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(weights);
  });
}
