/** The round loop: runs rounds until a target is reached, the last round is done, or someone stops it; records every one. */
import { FedtempoError } from '../shared/errors.js';
import { createAlgorithm } from '../shared/federation/algorithm.js';
import { sampleUniform } from '../shared/federation/sampler/uniform.js';
import { roundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import { weightsDigest } from './digest.js';
import type { Evaluation, Evaluator } from './evaluation/evaluator.js';
import type { ClientPool } from './pool/pool.js';
import { milliseconds, type RoundResult, runRound } from './round.js';
import type { ClientRecord, Outcome, RoundRecord } from './store/records.js';

/** Rounds in a row below the minimum of replies after which a run gives up. */
const MAX_ABANDONED = 10;

export interface CoordinatorOptions {
  readonly scenario: Scenario;
  /** The first global weights [p]. */
  readonly initial: Float32Array;
  readonly pool: ClientPool;
  readonly evaluator: Evaluator;
  readonly shardSize: (client: number) => number;
  /** Called once a round, after it; whatever it throws ends the run. */
  readonly onRound: (record: RoundRecord, clients: readonly ClientRecord[], weights: Float32Array) => void;
  readonly signal: AbortSignal;
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
  const { scenario, pool, shardSize, signal, onRound } = options;
  const { federation, data, seed } = scenario;
  const planOf = roundPlanner(scenario);
  const algorithm = createAlgorithm(federation.algorithm);
  const rounds: RoundRecord[] = [];
  let weights = options.initial;
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
      const plan = planOf(round);
      const cohort = sampleUniform(data.partition.clients, federation.cohort.size, seed, round);
      const { minimumReplies } = federation;
      const result = await runRound({ plan, cohort, weights, algorithm, pool, shardSize, minimumReplies, signal });
      if (result === undefined) return end('interrupted');
      weights = result.weights;
      const evaluation = await evaluate(options, round, weights);
      const record = recordOf(plan, cohort, result, evaluation, weights, before, pool.traffic(), began);
      rounds.push(record);
      onRound(record, result.records, weights);

      abandoned = result.committed ? 0 : abandoned + 1;
      const failed = diverged(result) ?? starved(result, abandoned, minimumReplies);
      if (failed !== undefined) return end(failed.code === 'RUN_DIVERGED' ? 'diverged' : 'failed', { error: failed });
      if (reached(scenario, evaluation)) return end('target', { roundsToTarget: round + 1 });
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

function recordOf(
  plan: RoundPlan,
  cohort: readonly number[],
  result: RoundResult,
  evaluation: (Evaluation & { ms: number }) | undefined,
  weights: Float32Array,
  before: { down: number; up: number },
  after: { down: number; up: number },
  began: number,
): RoundRecord {
  const { broadcast, train, collect, aggregate } = result.ms;
  return {
    round: plan.round,
    learningRate: plan.learningRate,
    batchSize: plan.batchSize,
    localEpochs: 'localEpochs' in plan.work ? plan.work.localEpochs : null,
    localSteps: 'localSteps' in plan.work ? plan.work.localSteps : null,
    cohort,
    replies: result.updates,
    failures: result.failures.map(({ client, code, reason }) => ({ client, code, reason })),
    committed: result.committed,
    trainLoss: result.examples > 0 ? result.lossSum / result.examples : null,
    testLoss: evaluation?.loss ?? null,
    testAccuracy: evaluation?.accuracy ?? null,
    examples: result.examples,
    steps: result.steps,
    bytesDown: after.down - before.down,
    bytesUp: after.up - before.up,
    ms: {
      total: milliseconds(performance.now() - began),
      broadcast: milliseconds(broadcast),
      train: milliseconds(train),
      collect: milliseconds(collect),
      aggregate: milliseconds(aggregate),
      evaluate: milliseconds(evaluation?.ms ?? 0),
    },
    digest: weightsDigest(weights),
  };
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
