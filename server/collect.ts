/** Runs one dispatch and sorts what comes back, so that the order of arrival does not show in any result. */
import type { CountedUpdate, Failure } from '../shared/training/reply.js';
import type { ClientPool, RoundWork } from './pool/pool.js';
import type { ClientRecord } from './store/records.js';

export interface Collected {
  /** In ascending order of clients, like all that follow. */
  readonly updates: readonly CountedUpdate[];
  readonly failures: readonly Failure[];
  readonly records: readonly ClientRecord[];
  /** Σ over updates. */
  readonly lossSum: number;
  readonly examples: number;
  readonly steps: number;
  readonly ms: {
    readonly broadcast: number;
    readonly train: number;
    readonly collect: number;
    readonly receive: number;
  };
}

/** @returns undefined if `signal` aborted it before every client had replied */
export async function collect(work: RoundWork, pool: ClientPool, signal: AbortSignal): Promise<Collected | undefined> {
  const began = performance.now();
  const asked = work.groups.reduce((sum, { clients }) => sum + clients.length, 0);
  const updates: CountedUpdate[] = [];
  const failures: Failure[] = [];
  const records: ClientRecord[] = [];
  const busy = new Map<number | null, number>();
  let receive = 0;
  for await (const { reply, worker, receiveMs } of pool.dispatch(work, signal)) {
    records.push(recordOf(reply, worker));
    receive += receiveMs;
    if (reply.kind === 'failure') {
      failures.push(reply);
      continue;
    }
    busy.set(worker, (busy.get(worker) ?? 0) + reply.trainMs);
    updates.push(reply);
  }
  if (signal.aborted && records.length < asked) return undefined;
  const train = Math.max(0, ...busy.values());
  const broadcast = pool.broadcastMs;
  const rest = Math.max(0, performance.now() - began - broadcast - train);
  updates.sort((a, b) => a.client - b.client);
  return {
    updates,
    failures: failures.sort((a, b) => a.client - b.client),
    records: records.sort((a, b) => a.client - b.client),
    ...totals(updates),
    ms: { broadcast, train, collect: rest, receive },
  };
}

/** Σ over updates. @param updates in ascending order of clients: floating-point sums depend on it */
export function totals(updates: readonly CountedUpdate[]): { lossSum: number; examples: number; steps: number } {
  let [lossSum, examples, steps] = [0, 0, 0];
  for (const { metrics, used } of updates) {
    lossSum += metrics.loss * metrics.examplesUsed;
    examples += metrics.examplesUsed;
    steps += used.steps;
  }
  return { lossSum, examples, steps };
}

function recordOf(reply: CountedUpdate | Failure, worker: number | null): ClientRecord {
  const { round, client } = reply;
  const fault = reply.fault === undefined ? {} : { fault: reply.fault };
  if (reply.kind === 'failure') {
    return { round, client, kind: 'failure', worker, code: reply.code, reason: reply.reason, ...fault };
  }
  const { examples, metrics, used, trainMs, updateDigest } = reply;
  const record = { round, client, kind: 'update', worker, examples, ...metrics, ...used } as const;
  return { ...record, updateDigest, ...fault, trainMs: milliseconds(trainMs) };
}

/** Milliseconds with three decimals, as records give them. */
export function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}
