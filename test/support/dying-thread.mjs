// A thread of the worker pool that dies as often as its counter says, each time after it has taken a task.
import { parentPort, workerData } from 'node:worker_threads';
import { TaskQueues } from 'fedtempo/shared/threads/task-queues.js';

const { deaths, thread, victims } = workerData;

// This listener is the first one: the pool's own is added below.
parentPort.on('message', ({ type, queues }) => {
  if (!victims.includes(thread) || Atomics.sub(deaths, 0, 1) <= 0) return;
  if (type === 'train') new TaskQueues(queues).take(thread);
  process.exit(3);
});

await import('fedtempo/client/pool-thread.js');
