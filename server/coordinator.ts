/** The round loop: runs rounds until a target is reached, the last round is done, or someone stops it; records every one. */
import { FedtempoError } from '../shared/errors.js';
import { createAlgorithm, type ServerState } from '../shared/federation/algorithm.js';
import { sampleUniform } from '../shared/federation/sampler/uniform.js';
import { adaptiveSpecsOf } from '../shared/scenario/plan.js';
import type { RoundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { UpdateSpread } from '../shared/schedule/adaptive/adaptive.js';
import { AdaptiveControl, type AdaptiveStates } from './adaptive-control.js';
import type { Evaluation, Evaluator } from './evaluation/evaluator.js';
import type { ClientPool } from './pool/pool.js';
import { recordRound } from './record-round.js';
import { type RoundResult, runRound } from './round.js';
import type { ClientRecord, Outcome, RoundRecord } from './store/records.js';

/** Rounds in a row below the minimum of replies after which a run gives up. */
const MAX_ABANDONED = 10;

export interface CoordinatorOptions {
  readonly scenario: Scenario;
  /** The first global weights [p]. */
  readonly initial: Float32Array;
  readonly pool: ClientPool;
  readonly evaluator: Evaluator;
  readonly planner: RoundPlanner;
  /** The size of a client's shard, n_k. */
  readonly shardSize: (client: number) => number;
  /** n, training examples of all clients. */
  readonly examples: number;
  /** Called once a round, after it; whatever it throws ends the run. */
  readonly onRound: (done: DoneRound) => void;
  readonly signal: AbortSignal;
}

export interface DoneRound {
  readonly record: RoundRecord;
  readonly clients: readonly ClientRecord[];
  readonly weights: Float32Array;
  /** States of the adaptive schedules, as they go on into the next round. */
  readonly adaptive: AdaptiveStates;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly weights: Float32Array;
  readonly rounds: readonly RoundRecord[];
  readonly roundsToTarget: number | null;
  /** What ended a run that failed or diverged. */
  readonly error?: unknown;
}

/** Runs a scenario. What fails on the way is in the result: rounds that were recorded are not lost. */
export async function coordinate(options: CoordinatorOptions): Promise<RunResult> {
  const { scenario, planner, pool, shardSize, signal, onRound, examples } = options;
  const { federation, data, seed } = scenario;
  const { clients } = data.partition;
  const algorithm = createAlgorithm(federation.algorithm);
  const rounds: RoundRecord[] = [];
  let weights = options.initial;
  let serverState: ServerState;
  const adaptive = new AdaptiveControl(adaptiveSpecsOf(scenario));
  let abandoned = 0;
  const end = (outcome: Outcome, rest: { roundsToTarget?: number; error?: unknown } = {}): RunResult => ({
    outcome,
    weights,
    rounds,
    roundsToTarget: null,
    ...rest,
  });

  try {
    for (let round = 0; round < federation.rounds; round++) {
      if (signal.aborted) return end('interrupted');
      const began = performance.now();
      const before = pool.traffic();
      const overrides = adaptive.values();
      const values = planner.values(round, overrides);
      const cohort = sampleUniform(clients, values.cohortSize ?? federation.cohort.size, seed, round);
      const plan = planner.plan(round, Math.max(...cohort.map(shardSize)), overrides);
      const minimumReplies = Math.min(federation.minimumReplies, cohort.length);
      const serverValues = (updates: UpdateSpread | null) => {
        adaptive.observe('updates', { round, trainLoss: null, testLoss: null, testAccuracy: null, updates });
        const { serverLearningRate = 1, serverMomentum = 0 } = { ...values, ...adaptive.values() };
        return { learningRate: serverLearningRate, momentum: serverMomentum };
      };
      const measure = adaptive.listensToUpdates;
      const rules = { plan, cohort, algorithm, shardSize, minimumReplies, serverValues, measure };
      const result = await runRound({ ...rules, weights, serverState, pool, signal });
      if (result === undefined) return end('interrupted');
      ({ weights, serverState } = result);
      const evaluation = await evaluate(options, round, weights);
      const record = recordRound({
        plan,
        values,
        cohort,
        result,
        evaluation,
        weights,
        before,
        after: pool.traffic(),
        totalMs: performance.now() - began,
        examples,
        meanShard: examples / clients,
        previous: rounds.at(-1),
      });
      rounds.push(record);
      const { trainLoss, testLoss, testAccuracy } = record;
      adaptive.observe('round', { round, trainLoss, testLoss, testAccuracy, updates: result.spread });
      onRound({ record, clients: result.records, weights, adaptive: adaptive.states() });

      abandoned = result.committed ? 0 : abandoned + 1;
      const failed = diverged(result) ?? starved(result, abandoned, minimumReplies);
      if (failed !== undefined) return end(failed.code === 'RUN_DIVERGED' ? 'diverged' : 'failed', { error: failed });
      if (reached(scenario, evaluation)) return end('target', { roundsToTarget: round + 1 });
      if (adaptive.stops) return end('flat');
    }
    return end('rounds');
  } catch (error) {
    return end(signal.aborted ? 'interrupted' : 'failed', { error });
  }
}

/** The last round is always evaluated. */
async function evaluate({ scenario, evaluator }: CoordinatorOptions, round: number, weights: Float32Array) {
  const due = (round + 1) % scenario.evaluation.every === 0 || round + 1 === scenario.federation.rounds;
  if (!due) return undefined;
  const began = performance.now();
  return { ...(await evaluator.evaluate(weights)), ms: performance.now() - began };
}

/** No update was usable because all that came had left the range: going on would change nothing. */
function diverged({ updates, failures }: RoundResult): FedtempoError | undefined {
  const left = failures.filter(({ code }) => code === 'non-finite' || code === 'out-of-range');
  if (updates > 0 || left.length === 0) return undefined;
  return new FedtempoError('RUN_DIVERGED', 'no update of the round was finite and within range', {
    found: left[0].reason,
    expected: 'finite updates that move no parameter by more than 64',
    fix: 'lower schedules.learningRate; what was recorded until here is kept',
  });
}

function starved({ updates, failures }: RoundResult, inARow: number, minimum: number): FedtempoError | undefined {
  if (inARow < MAX_ABANDONED) return undefined;
  return new FedtempoError('RUN_BELOW_MINIMUM', `${inARow} rounds in a row had fewer replies than the minimum`, {
    found: `${updates} replies; ${failures[0]?.reason ?? ''}`,
    expected: `at least ${minimum}`,
    fix: 'see clients.jsonl for the reasons; federation.minimumReplies sets the minimum',
  });
}

function reached({ stop }: Scenario, evaluation: Evaluation | undefined): boolean {
  if (evaluation === undefined) return false;
  if (stop.testAccuracy !== undefined && evaluation.accuracy >= stop.testAccuracy) return true;
  return stop.testLoss !== undefined && evaluation.loss <= stop.testLoss;
}
