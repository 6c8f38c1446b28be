/**
 * Stands between the round loop and a pool while a run is replayed: clients that circumstances kept from replying do not
 * reply again, and the task that is looked for is taken out of the round in which it is dispatched, with the plan and the
 * weights that the client got. Whatever the algorithm, that is the task the client had.
 */
import type { ClientStates } from '../../shared/federation/client-state.js';
import { correctionOf } from '../../shared/training/control-variate.js';
import type { CountedUpdate, Failure } from '../../shared/training/reply.js';
import type { RoundPlan } from '../../shared/training/round-plan.js';
import type { ClientPool, PoolReply, RoundWork, TaskGroup } from '../pool/pool.js';
import { withDispatch } from '../pool/with-dispatch.js';
import type { LostClients } from './circumstances.js';

export interface FoundTask {
  readonly plan: RoundPlan;
  /** The global weights that the client began with [p]. */
  readonly weights: Float32Array;
  /** What the algorithm added to every gradient [p], if it did: SCAFFOLD's c − c_i. */
  readonly correction: Float32Array | undefined;
  /** As it arrived. */
  readonly counted: CountedUpdate | Failure;
  /** As the client sent it: another one where a fault of the scenario changed it on its way. */
  readonly sent: CountedUpdate | Failure;
}

export interface Wanted {
  /** Of the plan that the client trained under. */
  readonly round: number;
  readonly client: number;
  /** Called once; the dispatch ends then without further replies. */
  readonly onFound: (task: FoundTask) => void;
}

/**
 * @param pool trains; the task of `wanted` is asked of it alone
 * @param lost do not reply
 */
export function replayPool(pool: ClientPool, lost: LostClients, wanted?: Wanted): ClientPool {
  return withDispatch(pool, dispatch);

  async function* dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    const isWanted = ({ plan, clients }: TaskGroup) =>
      wanted !== undefined && plan.round === wanted.round && clients.includes(wanted.client);
    const group = work.groups.find(isWanted);
    if (wanted !== undefined && group !== undefined) {
      const { client, onFound } = wanted;
      const correction = correctionFor(group, client);
      const counted = await ask(client, work, group, signal);
      if (counted === undefined) return;
      const changed = work.tampering?.has(client) === true;
      const sent = changed ? await ask(client, { ...work, tampering: new Map() }, group, signal) : counted;
      if (sent === undefined) return;
      onFound({ plan: group.plan, weights: group.weights.slice(), correction, counted, sent });
      return;
    }
    const failures: Failure[] = [];
    const groups = work.groups.map((all) => {
      const missing = lost.get(all.plan.round) ?? new Map<number, Failure>();
      failures.push(...all.clients.flatMap((one) => missing.get(one) ?? []));
      return { ...all, clients: all.clients.filter((one) => !missing.has(one)) };
    });
    for (const reply of failures) yield { reply, worker: null, receiveMs: 0 };
    yield* pool.dispatch({ ...work, groups }, signal);
  }

  /** The reply of one client alone, with its parameters. Undefined if aborted. */
  async function ask(client: number, work: RoundWork, group: TaskGroup, signal: AbortSignal) {
    const { variates } = group;
    const kept = variates && { ...variates, states: unchanged(variates.states) };
    const groups = [{ ...group, clients: [client], aggregator: undefined, variates: kept }];
    for await (const { reply } of pool.dispatch({ ...work, groups }, signal)) return reply;
    return undefined;
  }
}

/** The same states, of which no change counts: a task may be asked for again. */
function unchanged(states: ClientStates): ClientStates {
  const { room } = states;
  return { room, lend: (client) => states.lend(client), settle: (client) => states.settle(client, false) };
}

function correctionFor({ variates }: TaskGroup, client: number): Float32Array | undefined {
  if (variates === undefined) return undefined;
  const { control, states } = variates;
  const correction = correctionOf({ control, own: states.lend(client).before }).slice();
  states.settle(client, false);
  return correction;
}
