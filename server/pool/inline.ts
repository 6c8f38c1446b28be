/** The reference pool: trains one client after the other in this very thread. */
import { messageOf } from '../../shared/errors.js';
import type { LentState } from '../../shared/federation/client-state.js';
import { receiveUpdate } from '../../shared/federation/receive.js';
import type { Spans } from '../../shared/times/spans.js';
import type { ControlVariates } from '../../shared/training/control-variate.js';
import type { Update } from '../../shared/training/reply.js';
import type { RoundPlan } from '../../shared/training/round-plan.js';
import { digestOf } from '../digest.js';
import { type ClientPool, COORDINATOR, type PoolReply, type RoundWork, receptionOf, type TaskGroup } from './pool.js';

/** Trains one client; with `transient` its parameters are only needed until the next call. */
export type Answer = (
  plan: RoundPlan,
  client: number,
  weights: Float32Array,
  transient: boolean,
  variates?: ControlVariates,
) => Update;

export class InlinePool implements ClientPool {
  readonly kind = 'inline';
  readonly workers = 1;
  readonly broadcastMs = 0;
  readonly #answer: Answer;
  readonly #spans: Spans;

  /** @param spans where `answer` counts its time */
  constructor(answer: Answer, spans: Spans) {
    this.#answer = answer;
    this.#spans = spans;
  }

  async *dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    for (const group of work.groups) {
      for (const client of group.clients) {
        // Signals and timers get their turn between clients.
        await new Promise((resolve) => setImmediate(resolve));
        if (signal.aborted) return;
        const lent = group.variates?.states.lend(client);
        const reply = this.#train(work, group, client, lent);
        group.variates?.states.settle(client, reply.reply.kind === 'update');
        yield reply;
      }
    }
  }

  traffic() {
    return { down: 0, up: 0 };
  }

  spent() {
    return [{ thread: COORDINATOR, spent: this.#spans.take() }];
  }

  async close(): Promise<void> {}

  #train(work: RoundWork, group: TaskGroup, client: number, lent: LentState | undefined): PoolReply {
    const { plan, weights, variates } = group;
    try {
      const own = variates && { control: variates.control, own: lent?.before };
      const update = this.#answer(plan, client, weights, group.aggregator !== undefined, own);
      const began = performance.now();
      const receive = () => receiveUpdate(update, { ...receptionOf(work, group, client, lent), digestOf });
      const reply = this.#spans.measure('receive', receive, { client, round: plan.round });
      return { reply, worker: 0, receiveMs: performance.now() - began };
    } catch (error) {
      const reason = messageOf(error);
      const reply = { kind: 'failure', round: plan.round, client, code: 'client-error', reason } as const;
      return { reply, worker: 0, receiveMs: 0 };
    }
  }
}
