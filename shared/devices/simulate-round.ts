/**
 * A synchronous round in virtual time, by discrete events: all tasks begin together; the round ends when as many replies
 * as are waited for have come, when the deadline passes, or when nobody is left to wait for. Clients that are still at
 * work are aborted then, and free for the next round.
 *
 * More clients may be selected than are waited for, so that the slowest do not hold up the round (over-selection and
 * deadline: Bonawitz et al. 2019, "Towards federated learning at scale: system design", sections 2.2 and 9).
 */
import { costUntil, endOf, type TaskCost, type TaskCourse } from './task.js';

/** counted: in the mean. late: aborted by the deadline. surplus: aborted since enough had replied. */
export type TaskOutcome = 'counted' | 'late' | 'surplus' | 'dropped';

export interface RoundSetting {
  /** Virtual time in seconds at which the tasks begin. */
  readonly start: number;
  readonly tasks: readonly TaskCourse[];
  /** How many replies are waited for. */
  readonly target: number;
  /** A reply at the deadline is still in time. */
  readonly deadlineSeconds?: number | undefined;
}

export interface TaskEvent extends TaskCost {
  readonly client: number;
  /** Virtual time at which the reply came, the device was gone, or the round ended without it. */
  readonly time: number;
  readonly outcome: TaskOutcome;
}

export interface SimulatedRound {
  /** In order of time, ties by client; those without a reply come last. */
  readonly events: readonly TaskEvent[];
  /** Virtual time at which the round ends. */
  readonly end: number;
}

export function simulateRound({ start, tasks, target, deadlineSeconds }: RoundSetting): SimulatedRound {
  const deadline = deadlineSeconds ?? Number.POSITIVE_INFINITY;
  const queue = [...tasks].sort((a, b) => endOf(a) - endOf(b) || a.client - b.client);
  const events: TaskEvent[] = [];
  const happened = (task: TaskCourse, after: number, outcome: TaskOutcome) =>
    events.push({ client: task.client, time: start + after, outcome, ...costUntil(task, after) });

  let counted = 0;
  let [after, rest] = [0, queue.length];
  for (const [index, task] of queue.entries()) {
    if (counted === target || endOf(task) > deadline) {
      rest = index;
      break;
    }
    after = endOf(task);
    if (task.dropsAfter === null) counted += 1;
    happened(task, after, task.dropsAfter === null ? 'counted' : 'dropped');
  }
  const enough = counted === target;
  if (rest < queue.length && !enough) after = deadline;
  for (const task of queue.slice(rest).sort((a, b) => a.client - b.client)) {
    happened(task, after, enough ? 'surplus' : 'late');
  }
  return { events, end: start + after };
}
