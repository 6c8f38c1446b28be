/** The reference pool: trains one client after the other in this very thread. */
import { messageOf } from '../../shared/errors.js';
import type { Reply, Update } from '../../shared/training/reply.js';
import type { RoundPlan } from '../../shared/training/round-plan.js';
import type { ClientPool, PoolReply, RoundWork } from './pool.js';

/** Trains one client. */
export type Answer = (plan: RoundPlan, client: number, weights: Float32Array) => Update;

export class InlinePool implements ClientPool {
  readonly kind = 'inline';
  readonly workers = 1;
  readonly broadcastMs = 0;
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  async *dispatch({ plan, cohort, weights, check }: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    for (const client of cohort) {
      // Signals and timers get their turn between clients.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      yield { reply: this.#train(plan, client, weights, check), worker: 0 };
    }
  }

  traffic() {
    return { down: 0, up: 0 };
  }

  async close(): Promise<void> {}

  #train(plan: RoundPlan, client: number, weights: Float32Array, check: RoundWork['check']): Reply {
    try {
      const update = this.#answer(plan, client, weights);
      return check(update) ?? update;
    } catch (error) {
      return { kind: 'failure', round: plan.round, client, code: 'client-error', reason: messageOf(error) };
    }
  }
}
