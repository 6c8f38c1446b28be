/** The tasks of a dispatch as the worker pool deals them out. */
import type { Task } from '../../../shared/threads/task-queues.js';
import type { PoolReply, RoundWork, TaskGroup } from '../pool.js';

/**
 * Tasks that are dealt out together: all of them, or where clients keep state as many as the memory stated for states
 * holds, but at least one for each worker.
 */
export function wavesOf({ groups, shardSize }: RoundWork, workers: number): Task[][] {
  const tasks = groups.flatMap(({ clients }, group) =>
    clients.map((client) => ({ client, group, examples: shardSize(client) })),
  );
  const room = Math.min(...groups.map(({ variates }) => variates?.states.room ?? Number.POSITIVE_INFINITY));
  const size = Math.max(room, workers);
  if (tasks.length <= size) return tasks.length === 0 ? [] : [tasks];
  return Array.from({ length: Math.ceil(tasks.length / size) }, (_, wave) =>
    tasks.slice(wave * size, (wave + 1) * size),
  );
}

export function* lostReplies(groups: readonly TaskGroup[], tasks: readonly Task[]): Iterable<PoolReply> {
  for (const { client, group } of tasks) {
    const { round } = groups[group].plan;
    const reason = `no thread is left that could host client ${client}`;
    yield { reply: { kind: 'failure', round, client, code: 'client-lost', reason }, worker: 0, receiveMs: 0 };
  }
}
