// A thread of the worker pool that dies as often as its counter says, each time after it has taken a task.
import { parentPort } from 'node:worker_threads';
import { TaskQueues } from 'fedtempo/shared/threads/task-queues.js';

await import('fedtempo/client/pool-thread.js');

let told;

// The pool listens for requests only once it was told of its run, so this listener hears them first.
parentPort.on('message', (message) => {
  if (told === undefined) {
    told = message;
    return;
  }
  const { deaths, thread, victims } = told;
  if (!victims.includes(thread) || Atomics.sub(deaths, 0, 1) <= 0) return;
  if (message.type === 'train') new TaskQueues(message.queues).take(thread);
  process.exit(3);
});
