/**
 * The tasks of one dispatch in shared memory. Each thread has a queue, largest tasks first; it takes from its own until
 * that is empty and then from the others': unequal shards keep all threads busy, and a client that comes back mostly
 * finds the thread that has its shard in its cache.
 */

/** Where threads find the tasks; structured-clonable, the arrays are shared. */
export interface QueueMemory {
  /** [tasks × 3]: client, group, examples of each task. */
  readonly tasks: Int32Array;
  /** [threads + 1]: queue q holds the tasks starts[q] .. starts[q + 1] − 1. */
  readonly starts: Int32Array;
  /** [threads]: how many tasks of each queue were taken, or more. */
  readonly heads: Int32Array;
  /** [tasks]: the thread that took each, plus 1; 0 for none. */
  readonly takers: Int32Array;
  /** [1]: not 0 when threads should take no more. */
  readonly stopped: Int32Array;
}

export interface Task {
  readonly client: number;
  /** Index of its group in the dispatch. */
  readonly group: number;
  /** n_k */
  readonly examples: number;
}

export class TaskQueues {
  constructor(readonly memory: QueueMemory) {}

  /** Deals tasks to queues by client mod threads. */
  static of(tasks: readonly Task[], threads: number): TaskQueues {
    const queues = Array.from({ length: threads }, (): Task[] => []);
    for (const task of tasks) queues[task.client % threads].push(task);
    const memory: QueueMemory = {
      tasks: shared(3 * tasks.length),
      starts: shared(threads + 1),
      heads: shared(threads),
      takers: shared(tasks.length),
      stopped: shared(1),
    };
    let at = 0;
    queues.forEach((queue, index) => {
      queue.sort((a, b) => b.examples - a.examples || a.client - b.client);
      for (const { client, group, examples } of queue) memory.tasks.set([client, group, examples], 3 * at++);
      memory.starts[index + 1] = at;
    });
    return new TaskQueues(memory);
  }

  /** The next task for a thread: its own, or one of another's queue; undefined when there is none left. */
  take(thread: number): Task | undefined {
    const { tasks, starts, heads, takers, stopped } = this.memory;
    const threads = heads.length;
    for (let turn = 0; turn < threads; turn++) {
      const queue = (thread + turn) % threads;
      const at = starts[queue] + Atomics.add(heads, queue, 1);
      if (at >= starts[queue + 1]) continue;
      if (Atomics.load(stopped, 0) !== 0) return undefined;
      Atomics.store(takers, at, thread + 1);
      return { client: tasks[3 * at], group: tasks[3 * at + 1], examples: tasks[3 * at + 2] };
    }
    return undefined;
  }

  /** Tells all threads to take no more. */
  stop(): void {
    Atomics.store(this.memory.stopped, 0, 1);
  }

  /** The tasks that a thread has taken so far, or with −1 those that nobody took. */
  takenBy(thread: number): Task[] {
    const { tasks, takers } = this.memory;
    const found: Task[] = [];
    for (let at = 0; at < takers.length; at++) {
      if (Atomics.load(takers, at) !== thread + 1) continue;
      found.push({ client: tasks[3 * at], group: tasks[3 * at + 1], examples: tasks[3 * at + 2] });
    }
    return found;
  }
}

function shared(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * length));
}
