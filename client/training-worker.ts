/** The event loop's handle on the training thread. */
import { Worker } from 'node:worker_threads';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

export class TrainingWorker {
  readonly #worker: Worker;

  /** Starts the thread; it loads its data and then says that it is ready, or that it failed. */
  constructor(data: ThreadData, onReply: (reply: FromThread) => void) {
    this.#worker = new Worker(new URL('./training-thread.js', import.meta.url), { workerData: data });
    this.#worker.on('message', onReply);
    this.#worker.on('error', (error) => onReply({ type: 'failed', reason: error.message }));
  }

  /** @param weights [p], handed over: the caller must not use them again */
  startRound(plan: RoundPlan, weights: Float32Array): void {
    this.#post({ type: 'round', plan, weights }, [weights.buffer as ArrayBuffer]);
  }

  train(client: number): void {
    this.#post({ type: 'train', client });
  }

  /** Ends the thread, in the middle of training if need be. */
  stop(): void {
    void this.#worker.terminate();
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
