/** Evaluates the global model on the whole test set. Who does the work changes no bit: losses add up exactly. */
import type { Dataset } from '../../shared/data/dataset.js';
import type { Core, EvaluationTotals } from '../../shared/kernels/kernels.js';
import type { Spans } from '../../shared/times/spans.js';

export interface Evaluation {
  /** Mean loss over the test set. */
  readonly loss: number;
  /** 0..1 */
  readonly accuracy: number;
}

export interface Evaluator {
  /** One at a time. @param weights [p], not changed while the promise is open */
  evaluate(weights: Float32Array): Promise<Evaluation>;
  close(): Promise<void>;
}

/** Means of the totals of disjoint parts. */
export function combine(parts: readonly EvaluationTotals[]): Evaluation {
  let [examples, lossSum, correct] = [0, 0, 0];
  for (const part of parts) {
    examples += part.examples;
    lossSum += part.lossSum;
    correct += part.correct;
  }
  return { loss: lossSum / examples, accuracy: correct / examples };
}

/** Evaluates in this very thread: the reference. */
export class InlineEvaluator implements Evaluator {
  readonly #core: Core;

  readonly #spans: Spans;

  /** @param spans where this thread's time is counted */
  constructor(core: Core, test: Dataset, spans: Spans) {
    this.#core = core;
    this.#spans = spans;
    core.load(test);
  }

  async evaluate(weights: Float32Array): Promise<Evaluation> {
    return combine([this.#spans.measure('evaluate', () => this.#core.evaluate(weights))]);
  }

  async close(): Promise<void> {}
}
