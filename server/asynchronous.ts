/**
 * Asynchronous rounds, one a server version: the timeline says whose updates make the next step, the pool trains them.
 *
 * A task need not be trained when it begins in virtual time, only before its update counts. So tasks wait until one of
 * them is needed, and then all that have begun train in one dispatch: workers have much to do at once, though the
 * server steps often.
 */
import { createAlgorithm, createRule, isAsynchronous } from '../shared/federation/algorithm.js';
import type { Arrival } from '../shared/federation/asynchronous/rule.js';
import type { Contribution, Discarded, Flush } from '../shared/federation/asynchronous/timeline.js';
import type { CountedUpdate, Failure } from '../shared/training/reply.js';
import { totals } from './collect.js';
import { type InFlight, stillNeeded, type TrainedTask } from './in-flight.js';
import { plannedFailureRecord } from './planned-failure.js';
import { silenced } from './pool/faults.js';
import type { RoundResult, SimulatedFacts } from './round.js';
import { longestShard, type RoundSource, type RoundSourceOptions } from './round-source.js';
import type { ClientRecord } from './store/records.js';
import { trainPending } from './train-pending.js';
import { spreadOf } from './update-spread.js';

type Landed = Contribution & TrainedTask;

export function asynchronousRounds(options: RoundSourceOptions): RoundSource {
  const { scenario, planner, shardSize, virtual } = options;
  const { algorithm: spec, minimumReplies } = scenario.federation;
  if (!isAsynchronous(spec) || virtual === undefined) throw new Error('an asynchronous run needs virtual time');
  const [algorithm, rule] = [createAlgorithm(spec), createRule(spec)];

  /** Goes on to the next server step in virtual time, and trains what it needs. */
  const advance = async (before: InFlight, flush: Flush, measure: boolean, signal: AbortSignal) => {
    const { timeline, versions, trained } = before;
    const flying = [...flush.contributions, ...timeline.inFlight.filter(({ drops }) => !drops)];
    const idle = { ms: { broadcast: 0, train: 0, collect: 0, receive: 0 }, after: before };
    if (flush.contributions.every(({ task }) => trained.has(task))) return idle;
    const tasks = flying.filter(({ task }) => !trained.has(task));
    const done = await trainPending({ ...options, tasks, versions, keep: rule.keep, measure }, signal);
    if (done === undefined) return undefined;
    return { ms: done.ms, after: { ...before, trained: new Map([...trained, ...done.trained]) } };
  };

  return async ({ round, values, overrides, carried, serverValues, measure, signal }) => {
    const { weights, serverState } = carried;
    // The timeline asks for the values of the present version alone.
    const timeline = virtual.timeline(() => values);
    const known = carried.inFlight ?? { timeline: timeline.init(), versions: new Map(), trained: new Map() };
    const { state, flush } = timeline.advance(known.timeline);
    const versions = new Map([...known.versions, [round, { weights, overrides }] as const]);
    const advanced = await advance({ ...known, timeline: state, versions }, flush, measure, signal);
    if (advanced === undefined) return undefined;

    const landed = flush.contributions.map(
      (contribution): Landed => ({
        ...contribution,
        ...(advanced.after.trained.get(contribution.task) as TrainedTask),
      }),
    );
    const began = performance.now();
    const updates = updatesOf(landed);
    const step = () => {
      const arrivals = landed.filter((each): each is Landed & Arrival => each.kept !== undefined);
      const committed = updates.length >= minimumReplies;
      const aggregate = arrivals.length > 0 ? rule.aggregate(arrivals, weights) : undefined;
      const spread = aggregate !== undefined && measure ? spreadOf(updates, aggregate) : null;
      const server = serverValues(spread);
      const next =
        committed && aggregate !== undefined
          ? algorithm.serverStep(weights, aggregate, server, serverState, 1)
          : { weights, state: serverState };
      return { weights: next.weights, serverState: next.state, server, spread, committed };
    };
    const stepped = options.spans.measure('aggregate', step, { round });
    const { receive, ...ms } = advanced.ms;
    const result: RoundResult = {
      ...stepped,
      ...repliesOf(round, landed, flush.discarded),
      ...totals(updates),
      updates,
      simulated: simulatedFacts(flush, landed),
      ms: { ...ms, aggregate: receive + performance.now() - began },
    };
    const ended = [...flush.contributions, ...flush.discarded].map(({ client }) => client);
    const cohort = [...new Set(ended)].sort((a, b) => a - b);
    const plan = planner.plan(round, longestShard(cohort, shardSize), overrides);
    const { weights: next, serverState: nextState } = stepped;
    const after = { weights: next, serverState: nextState, seconds: flush.time, inFlight: stillNeeded(advanced.after) };
    return { plan, cohort, minimumReplies, result, carried: after };
  };
}

function updatesOf(landed: readonly Landed[]): Omit<CountedUpdate, 'delta'>[] {
  const updates = landed.flatMap(({ reply }) => (reply.kind === 'update' ? [reply] : []));
  return updates.sort((a, b) => a.client - b.client);
}

/** Failures and records of a server step, which stand in its own round whatever version they began with. */
function repliesOf(round: number, landed: readonly Landed[], discarded: readonly Discarded[]) {
  const planned = discarded.map((task) => discardedFailure(task, round));
  const failed = landed.flatMap(({ reply }) => (reply.kind === 'failure' ? [{ ...reply, round }] : []));
  const records = landed.map(({ record, startVersion, staleness }): ClientRecord => {
    if (record.kind === 'failure') return { ...record, round, startVersion };
    return { ...record, round, startVersion, staleness };
  });
  const byClient = (a: { client: number }, b: { client: number }) => a.client - b.client;
  return {
    failures: [...failed, ...planned].sort(byClient),
    records: [...records, ...planned.map(plannedFailureRecord)].sort(byClient),
  };
}

function discardedFailure(
  { client, start, finish, startVersion, reason: code, fault }: Discarded,
  round: number,
): Failure {
  const failure = fault && silenced(fault, round, client);
  if (failure !== undefined) return failure;
  const reason =
    code === 'dropped-out'
      ? `client ${client} dropped out after ${(finish - start).toFixed(3)} s`
      : `client ${client} replied to version ${startVersion} at version ${round}`;
  return { kind: 'failure', round, client, code, reason };
}

function simulatedFacts({ time, contributions, discarded }: Flush, landed: readonly Landed[]): SimulatedFacts {
  const ended = [...contributions, ...discarded];
  const stale = landed.filter(({ kept }) => kept !== undefined);
  return {
    seconds: time,
    joules: ended.reduce((sum, { joules }) => sum + joules, 0),
    bytes: ended.reduce((sum, { bytesDown, bytesUp }) => sum + bytesDown + bytesUp, 0),
    surplus: [],
    meanStaleness: stale.length === 0 ? null : stale.reduce((sum, { staleness }) => sum + staleness, 0) / stale.length,
  };
}
