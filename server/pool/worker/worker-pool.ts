/**
 * The worker pool: long-lived threads in this process. Each hosts any client; weights, tasks and partial sums are in
 * shared memory, so a round costs O(threads × model) however large its cohort is. It evaluates on the same threads.
 *
 * Training is deterministic, so what a lost thread had taken is simply done again: its partial sums are dropped and its
 * tasks dealt afresh. Replies are given out when their thread has finished, hence never for work that was lost.
 */
import type { Worker } from 'node:worker_threads';
import { FedtempoError, messageOf } from '../../../shared/errors.js';
import { createAggregator } from '../../../shared/federation/algorithm.js';
import type { ThreadGroup, Trained } from '../../../shared/threads/messages.js';
import { type Task, TaskQueues } from '../../../shared/threads/task-queues.js';
import { Spans } from '../../../shared/times/spans.js';
import { combine, type Evaluation, type Evaluator } from '../../evaluation/evaluator.js';
import { sharedNow } from '../../times/time-table.js';
import { type ClientPool, COORDINATOR, type PoolReply, type RoundWork, type ThreadSpent } from '../pool.js';
import { Loans } from './loans.js';
import { SharedArrays } from './shared-arrays.js';
import { lostReplies, wavesOf } from './tasks.js';
import { PoolThread, parkThreads, ThreadLost } from './thread.js';

export interface WorkerPoolOptions {
  /** The threads' module, and what they are told first (`thread`, its number, and `profile` are added). */
  readonly program: URL;
  readonly data: object;
  /** Threads that wait to be used, as many as there are workers. */
  readonly parked?: readonly Worker[] | undefined;
  readonly datasetDigest: string;
  readonly workers: number;
  /** How often each thread is started again. */
  readonly restarts: number;
  /** Examples of the test set. */
  readonly testExamples: number;
  /** Whether spans are wanted, for a trace. */
  readonly profile: boolean;
  /** What a person may want to know, such as a thread that ended. */
  readonly note: (text: string) => void;
}

/** With its large arrays in shared memory. */
type SharedGroup = Pick<ThreadGroup, 'plan' | 'weights'> & { readonly control: Float32Array | undefined };

export class WorkerPool implements ClientPool, Evaluator {
  readonly kind = 'worker';
  readonly workers: number;
  broadcastMs = 0;
  readonly #options: WorkerPoolOptions;
  readonly #threads: PoolThread[];
  readonly #restarts: number[];
  readonly #arrays = new SharedArrays();
  /** Settles when the threads have left the last dispatch, also one that was aborted. */
  #draining: Promise<unknown> = Promise.resolve();
  #recovery: Promise<unknown> = Promise.resolve();
  #closing = false;
  readonly #own: Spans;
  readonly #spent: ThreadSpent[] = [];

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.workers = options.workers;
    this.#own = new Spans(sharedNow, options.profile);
    this.#restarts = new Array<number>(options.workers).fill(0);
    const { program, workers, parked = parkThreads(program, workers) } = options;
    this.#threads = parked.map((worker, slot) => this.#begin(worker, slot));
  }

  /** Starts the threads and waits until they have their data. @throws FedtempoError CLIENTS_UNAVAILABLE */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      const digests = await Promise.all(pool.#threads.map(({ ready }) => ready));
      const other = digests.find((digest) => digest !== options.datasetDigest);
      if (other !== undefined) throw new Error(`a thread read other data: ${other.slice(0, 12)}`);
      return pool;
    } catch (error) {
      await pool.close();
      throw unavailable(messageOf(error));
    }
  }

  async *dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    const began = performance.now();
    await this.#draining;
    if (signal.aborted) return;
    const shared = this.#own.measure('copy', () =>
      work.groups.map(({ plan, weights, variates }, index) => ({
        plan,
        weights: this.#arrays.weights(index, weights),
        control: variates && this.#arrays.control(index, variates.control),
      })),
    );
    this.broadcastMs = performance.now() - began;
    for (const wave of wavesOf(work, this.workers)) {
      if (signal.aborted) return;
      const loans = new Loans(work.groups, wave);
      try {
        yield* this.#wave(work, wave, loans, shared, signal);
      } finally {
        loans.end();
      }
    }
  }

  async *#wave(
    work: RoundWork,
    wave: readonly Task[],
    loans: Loans,
    shared: readonly SharedGroup[],
    signal: AbortSignal,
  ): AsyncIterable<PoolReply> {
    let tasks = wave;
    while (tasks.length > 0) {
      const live = await this.#live();
      if (live.length === 0) return yield* lostReplies(work.groups, tasks);
      const queues = TaskQueues.of(tasks, this.workers);
      const groups = shared.map(({ control, ...group }, index): ThreadGroup => {
        const lent = loans.lent[index];
        return control && lent ? { ...group, variates: { control, lent } } : group;
      });
      const running = live.map((slot) => this.#train(slot, work, groups, queues));
      const lost: number[] = [];
      this.#draining = Promise.all(running);
      let stop = () => {};
      const aborted = new Promise<undefined>((resolve) => {
        stop = () => {
          queues.stop();
          resolve(undefined);
        };
        signal.addEventListener('abort', stop);
      });
      try {
        for (const [index, one] of running.entries()) {
          const done = await Promise.race([one, aborted]);
          if (signal.aborted) return;
          if (done === undefined) lost.push(live[index]);
          else yield* this.#gather(work, done, live[index], loans);
        }
      } finally {
        signal.removeEventListener('abort', stop);
      }
      // What a lost thread took, and what nobody took because all were lost.
      tasks = [-1, ...lost].flatMap((slot) => queues.takenBy(slot));
    }
  }

  /** Each thread evaluates its part of the test set, before whatever it is asked next. */
  async evaluate(weights: Float32Array): Promise<Evaluation> {
    const copy = this.#own.measure('copy', () => this.#arrays.evaluation(weights));
    const { testExamples } = this.#options;
    while (true) {
      const live = await this.#live();
      if (live.length === 0) throw unavailable('every thread ended');
      const share = Math.ceil(testExamples / live.length);
      const parts = live.map(async (slot, index) => {
        const [from, to] = [index * share, Math.min((index + 1) * share, testExamples)];
        if (from >= to) return [];
        const answer = await this.#threads[slot].request({ type: 'evaluate', weights: copy, from, to });
        if (answer.type !== 'evaluated') return [];
        this.#spent.push({ thread: `thread ${slot}`, spent: answer.spent });
        return [answer.totals];
      });
      try {
        return combine((await Promise.all(parts)).flat());
      } catch (error) {
        if (!(error instanceof ThreadLost) || this.#closing) throw error;
      }
    }
  }

  traffic() {
    return { down: 0, up: 0 };
  }

  spent(): readonly ThreadSpent[] {
    return [{ thread: COORDINATOR, spent: this.#own.take() }, ...this.#spent.splice(0)];
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** One thread's part in a dispatch; undefined if the thread was lost. */
  async #train(slot: number, work: RoundWork, shared: readonly ThreadGroup[], queues: TaskQueues) {
    const { groups, measure, tampering = new Map() } = work;
    const views = groups.map(({ aggregator }, index): ThreadGroup => {
      if (aggregator === undefined) return shared[index];
      const { spec } = aggregator;
      const sums = this.#arrays.sums(slot, index, spec.storage);
      return { ...shared[index], partial: { spec, sums } };
    });
    try {
      const request = { type: 'train', queues: queues.memory, groups: views, measure, tampering } as const;
      const answer = await this.#threads[slot].request(request);
      if (answer.type !== 'trained') return undefined;
      this.#spent.push({ thread: `thread ${slot}`, spent: answer.spent });
      return answer;
    } catch (error) {
      if (error instanceof ThreadLost) return undefined;
      throw error;
    }
  }

  *#gather({ groups }: RoundWork, { replies, tallies }: Trained, slot: number, loans: Loans): Iterable<PoolReply> {
    groups.forEach(({ aggregator }, index) => {
      const tally = tallies[index];
      if (aggregator === undefined || tally === undefined || tally.clients.length === 0) return;
      const { spec } = aggregator;
      const partial = () => createAggregator(spec, this.#arrays.sums(slot, index, spec.storage), tally);
      this.#own.measure('aggregate', () => aggregator.merge(partial()));
    });
    for (const { reply, group } of replies) loans.settle(group, reply.client, reply.kind === 'update');
    for (const { reply, receiveMs } of replies) yield { reply, worker: slot, receiveMs };
  }

  /** The threads that serve, after those that were lost were started again, within their limit. */
  async #live(): Promise<number[]> {
    // Training and evaluation may find a thread lost at the same time; it is started again once.
    this.#recovery = this.#recovery.then(() => Promise.all(this.#threads.map((_, slot) => this.#recover(slot))));
    await this.#recovery;
    return this.#threads.flatMap(({ lost }, slot) => (lost === undefined ? [slot] : []));
  }

  async #recover(slot: number): Promise<void> {
    const { restarts, note, program } = this.#options;
    for (let { lost } = this.#threads[slot]; lost !== undefined && !this.#closing; lost = this.#threads[slot].lost) {
      if (this.#restarts[slot] > restarts) return;
      this.#restarts[slot] += 1;
      const again = this.#restarts[slot] <= restarts;
      note(`thread ${slot} ended (${lost.message}); ${again ? 'starting it again' : 'not started again'}`);
      if (!again) return;
      const [worker] = parkThreads(program, 1);
      this.#threads[slot] = this.#begin(worker, slot);
      await this.#threads[slot].ready.catch(() => {});
    }
  }

  #begin(worker: Worker, slot: number): PoolThread {
    return new PoolThread(worker, { ...this.#options.data, profile: this.#options.profile, thread: slot });
  }
}

function unavailable(found: string): FedtempoError {
  return new FedtempoError('CLIENTS_UNAVAILABLE', 'the threads of the worker pool are not available', {
    where: 'pool',
    found,
    expected: 'every thread started, with its data loaded',
    fix: 'read the messages above; fewer pool.workers need less memory',
  });
}
