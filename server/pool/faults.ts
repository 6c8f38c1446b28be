/**
 * Injects faults into any pool. Clients that drop out, crash or are late are not asked to train, since nothing of what
 * they did would count; updates are tampered with where the pool receives them, in whatever thread that is.
 */
import type { Faults } from '../../shared/federation/faults/faults.js';
import type { FaultKind, FaultRule } from '../../shared/federation/faults/rules.js';
import { type Tampering, tamperingOf } from '../../shared/federation/faults/tamper.js';
import type { Failure, FailureCode } from '../../shared/training/reply.js';
import type { ClientPool, PoolReply, RoundWork } from './pool.js';
import { withDispatch } from './with-dispatch.js';

/** Faults that leave nothing to train for, and how they are recorded. */
const silencing: { readonly [kind in FaultKind]?: readonly [FailureCode, string] } = {
  drop: ['dropped-out', 'dropped out'],
  crash: ['client-lost', 'crashed'],
  late: ['late', 'was late'],
};

/** The same pool if there are no rules. @param seed of the run */
export function withFaults(pool: ClientPool, faults: Faults, seed: number): ClientPool {
  return faults.none ? pool : withDispatch(pool, dispatch);

  async function* dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    const struck = new Map<number, FaultRule>();
    const tampering = new Map<number, Tampering>();
    const failures: Failure[] = [];
    const groups = work.groups.map((group) => {
      const { round } = group.plan;
      const clients = group.clients.filter((client) => {
        const rule = faults.of(round, client);
        if (rule === undefined) return true;
        const failure = silenced(rule.kind, round, client);
        if (failure !== undefined) failures.push(failure);
        struck.set(client, rule);
        const change = tamperingOf(rule, seed);
        if (change !== undefined) tampering.set(client, change);
        return failure === undefined;
      });
      return { ...group, clients };
    });
    for (const reply of failures) {
      if (signal.aborted) return;
      yield { reply, worker: null, receiveMs: 0 };
    }
    for await (const answer of pool.dispatch({ ...work, groups, tampering }, signal)) {
      const fault = struck.get(answer.reply.client)?.kind;
      yield fault === undefined ? answer : { ...answer, reply: { ...answer.reply, fault } };
    }
  }
}

/** The failure that a fault makes of a client’s reply, if it leaves none. */
export function silenced(fault: FaultKind, round: number, client: number): Failure | undefined {
  const how = silencing[fault];
  if (how === undefined) return undefined;
  const [code, deed] = how;
  return { kind: 'failure', round, client, code, reason: `client ${client} ${deed}: a fault of the scenario`, fault };
}
