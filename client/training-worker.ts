/** The event loop's handle on the training thread. */
import { Worker } from 'node:worker_threads';
import type { RoundContent } from '../shared/protocol/round-frame.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

export class TrainingWorker {
  readonly #worker: Worker;

  /** Starts the thread; it loads its data and then says that it is ready, or that it failed. */
  constructor(data: ThreadData, onReply: (reply: FromThread) => void) {
    this.#worker = new Worker(new URL('./training-thread.js', import.meta.url), { workerData: data });
    this.#worker.on('message', onReply);
    this.#worker.on('error', (error) => onReply({ type: 'failed', reason: error.message }));
  }

  /** @param content its arrays are handed over: the caller must not use them again */
  startRound(content: RoundContent): void {
    this.#post({ type: 'round', ...content }, buffersOf(content.weights, content.control));
  }

  /** @param state the client's [p], handed over too; undefined for zeros, or where clients keep none */
  train(client: number, state: Float32Array | undefined): void {
    this.#post({ type: 'train', client, state }, buffersOf(state));
  }

  /** Ends the thread, in the middle of training if need be. */
  stop(): void {
    void this.#worker.terminate();
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

function buffersOf(...arrays: (Float32Array | undefined)[]): ArrayBuffer[] {
  return arrays.flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
}
