/** The main thread's handle on one thread of a worker pool: requests with promises, and what became of the thread. */
import { Worker } from 'node:worker_threads';
import type { ThreadRequest, ThreadResponse } from '../../../shared/threads/messages.js';

/** The thread ended before it answered. */
export class ThreadLost extends Error {}

/**
 * A thread's short-lived objects fit a small young generation; V8 would let it grow with the work of a round, and keep it.
 */
const YOUNG_MB = 8;

/**
 * Threads that load their program while the data are still being read. They keep no process alive, and wait to be told of
 * what run they are.
 *
 * @param program the threads' module
 */
export function parkThreads(program: URL, count: number): Worker[] {
  return Array.from({ length: count }, () => {
    const worker = new Worker(program, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.unref();
    // Until someone uses it, an error is nobody's; that it has ended is noticed then.
    worker.on('error', () => {});
    return worker;
  });
}

type Unnumbered<Request> = Request extends ThreadRequest ? Omit<Request, 'id'> : never;
type Answered = Extract<ThreadResponse, { id: number }>;

export class PoolThread {
  readonly #worker: Worker;
  readonly #open = new Map<number, { resolve: (answer: Answered) => void; reject: (error: Error) => void }>();
  /** Resolves with the digest of the thread's data once it can serve; rejects if it never will. */
  readonly ready: Promise<string>;
  /** Why it ended; undefined while it serves. */
  lost: ThreadLost | undefined;
  #next = 0;

  /** @param worker a thread of the pool that was told nothing yet @param data what it is told first */
  constructor(worker: Worker, data: object) {
    this.#worker = worker;
    worker.ref();
    worker.postMessage(data);
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (response: ThreadResponse) => {
        if (response.type === 'ready') return resolve(response.datasetDigest);
        if (response.type === 'failed') return this.#end(response.reason, reject);
        this.#open.get(response.id)?.resolve(response);
        this.#open.delete(response.id);
      });
      this.#worker.on('error', (error) => this.#end(error.message, reject));
      this.#worker.on('exit', (code) => this.#end(`exit code ${code}`, reject));
      if (worker.threadId === -1) this.#end('it ended before it was used', reject);
    });
    // Whoever waits for it hears of the failure; nobody need wait.
    this.ready.catch(() => {});
  }

  /** @throws ThreadLost if the thread ends before it answers */
  request(request: Unnumbered<ThreadRequest>): Promise<Answered> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  /** Ends the thread, in the middle of training if need be. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(reason: string, reject: (error: Error) => void): void {
    this.lost ??= new ThreadLost(reason);
    reject(this.lost);
    for (const { reject: refuse } of this.#open.values()) refuse(this.lost);
    this.#open.clear();
    void this.#worker.terminate();
  }
}
