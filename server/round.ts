/** One round: plan → cohort → dispatch → add up replies as they come → new weights, or the old ones if too few replied. */
import type { Algorithm, ServerState, ServerValues } from '../shared/federation/algorithm.js';
import { checkUpdate } from '../shared/federation/check-update.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { Failure, Update } from '../shared/training/reply.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import type { ClientPool } from './pool/pool.js';
import type { ClientRecord } from './store/records.js';
import { type MeasuredUpdate, spreadOf, squaredNorm } from './update-spread.js';

export interface RoundInput {
  readonly plan: RoundPlan;
  readonly cohort: readonly number[];
  readonly weights: Float32Array;
  readonly algorithm: Algorithm;
  /** What the server step uses, given what the updates say together (null unless `measure`). */
  readonly serverValues: (spread: UpdateSpread | null) => ServerValues;
  /** Whether the updates are measured: a pass over each. */
  readonly measure: boolean;
  readonly serverState: ServerState;
  readonly pool: ClientPool;
  /** The size of a client's shard, n_k. */
  readonly shardSize: (client: number) => number;
  readonly minimumReplies: number;
  readonly signal: AbortSignal;
}

export interface RoundResult {
  /** The new global weights; the old ones, the same array, if the round was not committed. */
  readonly weights: Float32Array;
  readonly serverState: ServerState;
  /** What the server step used. */
  readonly server: ServerValues;
  readonly spread: UpdateSpread | null;
  readonly committed: boolean;
  readonly updates: number;
  readonly failures: readonly Failure[];
  readonly records: readonly ClientRecord[];
  /** Σ over counted updates. */
  readonly lossSum: number;
  readonly examples: number;
  readonly steps: number;
  readonly ms: { broadcast: number; train: number; collect: number; aggregate: number };
}

/** Runs one round. Returns undefined if `signal` aborted it: nothing of it counts then. */
export async function runRound(input: RoundInput): Promise<RoundResult | undefined> {
  const { plan, cohort, weights, algorithm, pool, shardSize, signal } = input;
  const began = performance.now();
  const cohortExamples = cohort.reduce((sum, client) => sum + shardSize(client), 0);
  const aggregator = algorithm.createAggregator(weights.length, cohortExamples);
  const check = (update: Update) => checkUpdate(update, weights.length, shardSize(update.client));
  const updates: MeasuredUpdate[] = [];
  const failures: Failure[] = [];
  const records: ClientRecord[] = [];
  const busy = new Map<number, number>();
  let aggregate = 0;

  for await (const { reply, worker } of pool.dispatch({ plan, cohort, weights, check }, signal)) {
    records.push(recordOf(reply, worker));
    if (reply.kind === 'failure') {
      failures.push(reply);
      continue;
    }
    const adding = performance.now();
    aggregator.add(reply);
    aggregate += performance.now() - adding;
    busy.set(worker, (busy.get(worker) ?? 0) + reply.trainMs);
    const { delta: _, ...rest } = reply;
    updates.push({ ...rest, squaredNorm: input.measure ? squaredNorm(reply.delta) : Number.NaN });
  }
  if (signal.aborted && updates.length + failures.length < cohort.length) return undefined;

  const replied = performance.now();
  const committed = updates.length >= input.minimumReplies;
  updates.sort((a, b) => a.client - b.client);
  const mean = updates.length > 0 ? aggregator.finish() : undefined;
  const spread = mean !== undefined && input.measure ? spreadOf(updates, mean) : null;
  const server = input.serverValues(spread);
  const next =
    committed && mean !== undefined
      ? algorithm.serverStep(weights, mean, server, input.serverState)
      : { weights, state: input.serverState };
  const stepping = performance.now() - replied;
  const train = Math.max(0, ...busy.values());
  const broadcast = pool.broadcastMs;
  const collect = Math.max(0, replied - began - broadcast - train - aggregate);
  return {
    weights: next.weights,
    serverState: next.state,
    server,
    spread,
    committed,
    updates: updates.length,
    failures: failures.sort((a, b) => a.client - b.client),
    records: records.sort((a, b) => a.client - b.client),
    ...totals(updates),
    ms: { broadcast, train, collect, aggregate: aggregate + stepping },
  };
}

/** @param updates in ascending order of clients, so that the order of arrival does not show in the last bits */
function totals(updates: readonly MeasuredUpdate[]): { lossSum: number; examples: number; steps: number } {
  let [lossSum, examples, steps] = [0, 0, 0];
  for (const { metrics, used } of updates) {
    lossSum += metrics.loss * metrics.examplesUsed;
    examples += metrics.examplesUsed;
    steps += used.steps;
  }
  return { lossSum, examples, steps };
}

function recordOf(reply: Update | Failure, worker: number): ClientRecord {
  const { round, client } = reply;
  if (reply.kind === 'failure') {
    return { round, client, kind: 'failure', worker, code: reply.code, reason: reply.reason };
  }
  const { examples, metrics, used, trainMs } = reply;
  return { round, client, kind: 'update', worker, examples, ...metrics, ...used, trainMs: milliseconds(trainMs) };
}

/** Milliseconds with three decimals, as records give them. */
export function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}
