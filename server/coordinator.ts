/**
 * The round loop: runs rounds until a target is reached, the last round is done, or someone stops it; records every one.
 *
 * A round is evaluated while the next one trains, since both only read its weights. Where the evaluation then ends the
 * run, what the next round has done is dropped; where an adaptive schedule listens, the next round waits for it.
 */

import type { FedtempoError } from '../shared/errors.js';
import { isAsynchronous } from '../shared/federation/algorithm.js';
import { faultsOf } from '../shared/scenario/faults.js';
import { adaptiveSpecsOf } from '../shared/scenario/plan.js';
import type { RoundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { virtualTime } from '../shared/scenario/virtual-time.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import type { Spans } from '../shared/times/spans.js';
import { AdaptiveControl } from './adaptive-control.js';
import { asynchronousRounds } from './asynchronous.js';
import type { RoundStates } from './client-state/round-states.js';
import { diverged, reachedTarget, starved } from './ending.js';
import type { Evaluation, Evaluator } from './evaluation/evaluator.js';
import { withFaults } from './pool/faults.js';
import type { ClientPool } from './pool/pool.js';
import { type RoundFacts, recordRound } from './record-round.js';
import type { Carried, RoundSource, RoundSourceOptions } from './round-source.js';
import type { RunState } from './run-state.js';
import type { ClientRecord, KeptRecord, Outcome, RoundRecord } from './store/records.js';
import { synchronousRounds } from './synchronous.js';

export interface CoordinatorOptions {
  readonly scenario: Scenario;
  /** What the run goes on from. */
  readonly start: RunState;
  readonly pool: ClientPool;
  /** Undefined where there is no test data: then no round is evaluated. */
  readonly evaluator: Evaluator | undefined;
  /** How rounds come about; as the algorithm has it if left out. */
  readonly rounds?: ((options: RoundSourceOptions) => RoundSource) | undefined;
  /** Whether a round may train while the one before is evaluated: not where what clients were told counts must be recorded. */
  readonly overlap?: boolean | undefined;
  readonly planner: RoundPlanner;
  /** The size of a client's shard, n_k. */
  readonly shardSize: (client: number) => number;
  /** n, training examples of all clients. */
  readonly examples: number;
  /** What clients keep between rounds, where the algorithm lets them. */
  readonly states?: RoundStates | undefined;
  /** Called once a round, after it; whatever it throws ends the run. */
  readonly onRound: (done: DoneRound) => void;
  readonly signal: AbortSignal;
  /** Where this thread's time is counted. */
  readonly spans: Spans;
}

export interface DoneRound {
  readonly record: RoundRecord;
  readonly clients: readonly ClientRecord[];
  /** What the next round goes on from. */
  readonly state: RunState;
}

export interface RunResult {
  readonly outcome: Outcome;
  /** After the last recorded round. */
  readonly state: RunState;
  /** Of the rounds that were run now. */
  readonly rounds: readonly KeptRecord[];
  readonly roundsToTarget: number | null;
  /** What ended a run that failed or diverged. */
  readonly error?: unknown;
}

/** A round that is done but for its evaluation. */
interface Trained {
  readonly facts: Omit<RoundFacts, 'evaluation' | 'previous'>;
  readonly evaluation: Promise<TimedEvaluation | undefined>;
  /** Rounds in a row, up to this one, that were not committed. */
  readonly abandoned: number;
  /** What the next round goes on from, though this one may not be recorded yet. */
  readonly carried: Carried;
  readonly failure: FedtempoError | undefined;
}

type TimedEvaluation = Evaluation & { readonly ms: number };

/** Why and how a run ended, without its records. */
type Ending = Pick<RunResult, 'outcome' | 'error'> & { readonly roundsToTarget?: number };

/** Runs a scenario. What fails on the way is in the result: rounds that were recorded are not lost. */
export async function coordinate(options: CoordinatorOptions): Promise<RunResult> {
  const run = new Run(options);
  const ending = await run.toEnd();
  return { roundsToTarget: null, ...ending, state: run.state, rounds: run.rounds };
}

class Run {
  readonly rounds: KeptRecord[] = [];
  /** After the last recorded round. */
  state: RunState;
  readonly #options: CoordinatorOptions;
  readonly #makeRound: RoundSource;
  readonly #adaptive: AdaptiveControl;

  constructor(options: CoordinatorOptions) {
    const { pool, scenario } = options;
    this.#options = { ...options, pool: withFaults(pool, faultsOf(scenario), scenario.seed) };
    this.state = options.start;
    const virtual = virtualTime({ ...options, parameters: options.start.weights.length });
    const ofAlgorithm = isAsynchronous(scenario.federation.algorithm) ? asynchronousRounds : synchronousRounds;
    const { rounds: source = ofAlgorithm } = options;
    this.#makeRound = source({ ...this.#options, virtual });
    this.#adaptive = new AdaptiveControl(adaptiveSpecsOf(options.scenario));
    if (options.start.rounds > 0) this.#adaptive.restore(options.start.adaptive);
  }

  async toEnd(): Promise<Ending> {
    const { signal } = this.#options;
    const dropping = new AbortController();
    try {
      return await this.#loop(AbortSignal.any([signal, dropping.signal]));
    } catch (error) {
      return { outcome: signal.aborted ? 'interrupted' : 'failed', error };
    } finally {
      // A round that nobody will record trains no further.
      dropping.abort();
    }
  }

  async #loop(signal: AbortSignal): Promise<Ending> {
    const { rounds } = this.#options.scenario.federation;
    // A run may have been killed between its last round and its summary.
    const { last } = this.state;
    const lost = last && diverged(last);
    const ended = lost ? { outcome: 'diverged' as const, error: lost } : last && this.#stopAfter(last);
    if (ended !== undefined) return ended;
    let carried: Carried = this.state;
    let { abandoned } = this.state;
    let before: Trained | undefined;
    for (let round = this.state.rounds; round < rounds; round++) {
      if (signal.aborted) break;
      const training = this.#train(round, carried, abandoned, signal);
      // If the round before ends the run, or fails, this one is dropped whatever becomes of it.
      training.catch(() => {});
      const ending = before && (await this.#settle(before));
      if (ending !== undefined) return ending;
      before = undefined;
      const trained = await training;
      if (trained === undefined) break;
      ({ carried, abandoned } = trained);
      // The round before was recorded, and the next has not begun: no other round sees this in between.
      this.#options.states?.commit(trained.facts.result.committed);
      const evaluation = this.#evaluate(round, carried.weights);
      // It is waited for when the round is recorded; until then a failure of it is nobody's.
      evaluation.catch(() => {});
      before = { ...trained, evaluation };
      const mayOverlap = this.#options.overlap !== false && !this.#adaptive.listens && trained.failure === undefined;
      if (mayOverlap && round + 1 < rounds) continue;
      const end = await this.#settle(before);
      if (end !== undefined) return end;
      before = undefined;
    }
    if (before !== undefined) {
      const ending = await this.#settle(before);
      if (ending !== undefined) return ending;
    }
    return { outcome: signal.aborted ? 'interrupted' : 'rounds' };
  }

  /** Runs a round up to its evaluation. Undefined if it was aborted. */
  async #train(
    round: number,
    carried: Carried,
    abandonedBefore: number,
    signal: AbortSignal,
  ): Promise<Omit<Trained, 'evaluation'> | undefined> {
    const { scenario, planner, pool, examples } = this.#options;
    const began = performance.now();
    const before = pool.traffic();
    const overrides = this.#adaptive.values();
    const values = planner.values(round, overrides);
    const serverValues = (updates: UpdateSpread | null) => {
      this.#adaptive.observe('updates', { round, trainLoss: null, testLoss: null, testAccuracy: null, updates });
      const { serverLearningRate = 1, serverMomentum = 0 } = { ...values, ...this.#adaptive.values() };
      return { learningRate: serverLearningRate, momentum: serverMomentum };
    };
    const measure = this.#adaptive.listens;
    const made = await this.#makeRound({ round, values, overrides, carried, serverValues, measure, signal });
    if (made === undefined) return undefined;
    const { plan, cohort, minimumReplies, result } = made;
    const abandoned = result.committed ? 0 : abandonedBefore + 1;
    const replies = { replies: result.updates.length, failures: result.failures };
    const totalMs = performance.now() - began;
    const meanShard = examples / scenario.data.partition.clients;
    const facts = { plan, values, cohort, result, weights: result.weights, before, after: pool.traffic(), totalMs };
    return {
      facts: { ...facts, examples, meanShard },
      abandoned,
      carried: made.carried,
      failure: diverged(replies) ?? starved(replies, abandoned, minimumReplies),
    };
  }

  /** Waits for a round's evaluation and records it. Returns why the run ends with it, if it does. */
  async #settle({ facts, evaluation: pending, abandoned, carried, failure }: Trained): Promise<Ending | undefined> {
    const evaluation = await pending;
    const { result } = facts;
    const { round } = facts.plan;
    const record = recordRound({ ...facts, evaluation, previous: this.state.last });
    const { cohort: _, ...last } = record;
    this.rounds.push(last);
    const { trainLoss, testLoss, testAccuracy } = record;
    this.#adaptive.observe('round', { round, trainLoss, testLoss, testAccuracy, updates: result.spread });
    const adaptive = this.#adaptive.states();
    this.state = { ...carried, rounds: round + 1, last, adaptive, abandoned };
    this.#options.onRound({ record, clients: result.records, state: this.state });
    if (failure !== undefined) {
      return { outcome: failure.code === 'RUN_DIVERGED' ? 'diverged' : 'failed', error: failure };
    }
    return this.#stopAfter(record);
  }

  /** Whether a round that was recorded is the last one, by what was measured. */
  #stopAfter(record: KeptRecord): Ending | undefined {
    if (reachedTarget(this.#options.scenario, record)) return { outcome: 'target', roundsToTarget: record.round + 1 };
    return this.#adaptive.stops ? { outcome: 'flat' } : undefined;
  }

  /** The last round is always evaluated, if there is anything to evaluate on. */
  async #evaluate(round: number, weights: Float32Array): Promise<TimedEvaluation | undefined> {
    const { scenario, evaluator } = this.#options;
    const due = (round + 1) % scenario.evaluation.every === 0 || round + 1 === scenario.federation.rounds;
    if (!due || evaluator === undefined) return undefined;
    const began = performance.now();
    return { ...(await evaluator.evaluate(weights)), ms: performance.now() - began };
  }
}
