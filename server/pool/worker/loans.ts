/**
 * Client state in the worker pool: the states of a wave of tasks, lent in shared memory before it begins, so that whichever
 * thread takes a task finds them.
 */
import type { LentState } from '../../../shared/federation/client-state.js';
import type { Task } from '../../../shared/threads/task-queues.js';
import type { TaskGroup } from '../pool.js';

type Group = Pick<TaskGroup, 'variates'>;

export class Loans {
  /** By group: what its clients were lent; undefined for groups without state. */
  readonly lent: readonly (Map<number, LentState> | undefined)[];
  readonly #groups: readonly Group[];

  constructor(groups: readonly Group[], tasks: readonly Task[]) {
    this.#groups = groups;
    this.lent = groups.map(({ variates }) => (variates === undefined ? undefined : new Map()));
    for (const { client, group } of tasks) {
      const { variates } = groups[group];
      if (variates !== undefined) this.lent[group]?.set(client, variates.states.lend(client));
    }
  }

  /** A client's reply is there. */
  settle(group: number, client: number, counted: boolean): void {
    if (this.lent[group]?.delete(client)) this.#groups[group].variates?.states.settle(client, counted);
  }

  /** Ends the loans of clients that have not replied. */
  end(): void {
    this.lent.forEach((clients, group) => {
      for (const client of [...(clients?.keys() ?? [])]) this.settle(group, client, false);
    });
  }
}
