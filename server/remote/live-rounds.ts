/**
 * Rounds with clients that come and go: announce, select, train, collect; then commit, or abandon and try again. A round waits
 * for its quorum of clients, asks somewhat more than it needs, and leaves the model as it was if too few reply.
 *
 * With all clients there and none asked in excess, the cohorts are those of the same scenario run in any other pool.
 */
import { FedtempoError } from '../../shared/errors.js';
import { createAlgorithm } from '../../shared/federation/algorithm.js';
import { distinctOrder } from '../../shared/math/draw-distinct.js';
import { stream } from '../../shared/math/rng.js';
import type { Terms } from '../pool/pool.js';
import { runRound } from '../round.js';
import { longestShard, type RoundSource, type RoundSourceOptions } from '../round-source.js';
import type { Deadline } from './deadline.js';
import type { RemotePool } from './remote-pool.js';

export interface LiveRules {
  /** Clients that must be there before a round is announced. */
  readonly quorum: number;
  /** So many times the cohort is asked. */
  readonly overSelection: number;
  readonly deadline: Deadline;
  /** Attempts at a round before the run gives up. */
  readonly attempts: number;
  /** Told of what happens to a round. */
  readonly note: (text: string) => void;
  readonly onAttempt: (attempt: {
    round: number;
    attempt: number;
    committed: boolean;
    replies: number;
    closing: string | undefined;
    ms: number;
  }) => void;
}

export function liveRounds(
  { scenario, planner, pool, examples, spans }: RoundSourceOptions,
  remote: RemotePool,
  rules: LiveRules,
): RoundSource {
  const { federation, data, seed } = scenario;
  const algorithm = createAlgorithm(federation.algorithm);
  const population = { clients: data.partition.clients, examples };
  const shardSize = (client: number) => remote.shardSize(client);
  return async ({ round, values, overrides, carried, serverValues, measure, signal }) => {
    const { weights, serverState, seconds } = carried;
    const cohortSize = values.cohortSize ?? federation.cohort.size;
    const minimumReplies = Math.min(federation.minimumReplies, cohortSize);
    const found = remote.foundAttempt(round);
    for (let attempt = found?.opening.attempt ?? 0; ; attempt++) {
      const resumed = found?.opening.attempt === attempt ? found.opening : undefined;
      const cohort = resumed?.selected ?? (await select(round, attempt, cohortSize, signal));
      if (signal.aborted) return undefined;
      const plan = planner.plan(round, longestShard(cohort, shardSize), overrides);
      const terms: Terms = { attempt, selected: cohort, quota: cohortSize, deadlineMs: rules.deadline.nextMs() };
      const facts = { plan, cohort, algorithm, shardSize, minimumReplies, serverValues, measure, terms };
      const result = await runRound({ ...facts, weights, serverState, population, pool, signal, spans });
      if (result === undefined) return undefined;
      if (attempt > 0) remote.forget(round, attempt);
      const { committed, updates } = result;
      const { closing, ms } = remote.last;
      rules.deadline.observe(closing, ms);
      rules.onAttempt({ round, attempt, committed, replies: updates.length, closing, ms });
      if (committed) {
        const next = { weights: result.weights, serverState: result.serverState, hierarchy: undefined, seconds };
        return { plan, cohort, minimumReplies, result, carried: next };
      }
      if (attempt + 1 >= rules.attempts)
        throw exhausted(round, attempt + 1, updates.length, minimumReplies, result.failures[0]?.reason);
      rules.note(
        `round ${round + 1} had ${updates.length} of ${minimumReplies} replies; the model is as it was, the round is repeated`,
      );
    }
  };

  /** Waits for the quorum and draws from those who are there. Attempt 0 with everybody there draws what every pool draws. */
  async function select(round: number, attempt: number, cohortSize: number, signal: AbortSignal): Promise<number[]> {
    const { clients } = data.partition;
    const quorum = Math.min(rules.quorum, clients);
    const { members } = remote;
    if (members.readyCount < quorum && !signal.aborted) {
      rules.note(`round ${round + 1} waits for clients: ${members.readyCount} of ${quorum} are there`);
      await members.quorum(quorum, AbortSignal.any([signal, remote.breaking]));
      // The disk failed while the round waited: nobody would come any more.
      if (remote.broken !== undefined) throw remote.broken;
    }
    const wanted = Math.min(Math.ceil(cohortSize * rules.overSelection), members.readyCount);
    const cohort: number[] = [];
    for (const client of distinctOrder(stream(seed, 'cohort', round, attempt), clients)) {
      if (cohort.length >= wanted) break;
      if (members.isReady(client)) cohort.push(client);
    }
    return cohort.sort((a, b) => a - b);
  }
}

function exhausted(round: number, attempts: number, replies: number, minimum: number, reason = ''): FedtempoError {
  return new FedtempoError(
    'RUN_BELOW_MINIMUM',
    `round ${round} was tried ${attempts} times with fewer replies than the minimum`,
    {
      found: `${replies} replies at last; ${reason}`,
      expected: `at least ${minimum}`,
      fix: 'see the log for the reasons; serve.attempts, serve.deadlineSeconds and federation.minimumReplies decide; the run goes on with the same command',
    },
  );
}
