/** Trains the tasks of an asynchronous run that have begun, each from the weights and under the plan of its own version. */
import type { FlightTask } from '../shared/federation/asynchronous/timeline.js';
import type { RoundPlanner } from '../shared/scenario/round-plan.js';
import { type Collected, collect } from './collect.js';
import type { InFlight, StartVersion, TrainedTask } from './in-flight.js';
import type { ClientPool, TaskGroup } from './pool/pool.js';
import { longestShard } from './round-source.js';

export interface PendingWork {
  /** Each client once. */
  readonly tasks: readonly FlightTask[];
  /** Those that the tasks begin with. */
  readonly versions: InFlight['versions'];
  /** What is kept of a task. @param start the weights it began with */
  readonly keep: (start: Float32Array, delta: Float32Array) => Float32Array;
  readonly planner: RoundPlanner;
  readonly pool: ClientPool;
  readonly shardSize: (client: number) => number;
  readonly measure: boolean;
}

export interface TrainedPending {
  /** By the number of the task. */
  readonly trained: ReadonlyMap<number, TrainedTask>;
  readonly ms: Collected['ms'];
}

/** @returns undefined if `signal` aborted it */
export async function trainPending(work: PendingWork, signal: AbortSignal): Promise<TrainedPending | undefined> {
  const { tasks, versions, keep, planner, pool, shardSize, measure } = work;
  const starts = [...new Set(tasks.map(({ startVersion }) => startVersion))].sort((a, b) => a - b);
  const groups = starts.map((version): TaskGroup => {
    const { weights, overrides } = versions.get(version) as StartVersion;
    const begun = tasks.filter(({ startVersion }) => startVersion === version);
    const clients = begun.map(({ client }) => client).sort((a, b) => a - b);
    return { plan: planner.plan(version, longestShard(clients, shardSize), overrides), weights, clients };
  });
  const collected = await collect({ groups, shardSize, measure }, pool, signal);
  if (collected === undefined) return undefined;

  const replies = new Map([...collected.updates, ...collected.failures].map((reply) => [reply.client, reply]));
  const records = new Map(collected.records.map((record) => [record.client, record]));
  const trained = tasks.map(({ task, client, startVersion }): [number, TrainedTask] => {
    const [reply, record] = [replies.get(client), records.get(client)];
    if (reply === undefined || record === undefined) throw new Error(`client ${client} gave no reply`);
    if (reply.kind === 'failure') return [task, { record, reply, kept: undefined }];
    const { delta, ...rest } = reply;
    const { weights } = versions.get(startVersion) as StartVersion;
    return [task, { record, reply: rest, kept: keep(weights, delta as Float32Array) }];
  });
  return { trained: new Map(trained), ms: collected.ms };
}
