/** From what happened in a round to its line of rounds.jsonl. */
import type { FaultKind } from '../shared/federation/faults/rules.js';
import type { HyperparameterValues } from '../shared/schedule/hyperparameters.js';
import type { RoundPlan } from '../shared/training/round-plan.js';
import { milliseconds } from './collect.js';
import { digestOf } from './digest.js';
import type { Evaluation } from './evaluation/evaluator.js';
import type { Traffic } from './pool/pool.js';
import type { RoundResult } from './round.js';
import type { RoundRecord } from './store/records.js';

export interface RoundFacts {
  readonly plan: RoundPlan;
  /** Every scheduled value of the round. */
  readonly values: HyperparameterValues;
  readonly cohort: readonly number[];
  readonly result: RoundResult;
  readonly evaluation: (Evaluation & { readonly ms: number }) | undefined;
  readonly weights: Float32Array;
  readonly before: Traffic;
  readonly after: Traffic;
  readonly totalMs: number;
  /** n, training examples of all clients. */
  readonly examples: number;
  /** n/C */
  readonly meanShard: number;
  /** The round before, whose cumulative counts this one continues. */
  readonly previous:
    | Pick<RoundRecord, 'totalExamples' | 'totalSteps' | 'totalBytes' | 'simulatedJoules' | 'simulatedBytes'>
    | undefined;
}

export function recordRound(facts: RoundFacts): RoundRecord {
  const { plan, values, cohort, result, evaluation, before, after, previous } = facts;
  const { simulated } = result;
  const { broadcast, train, collect, aggregate } = result.ms;
  const [bytesDown, bytesUp] = [after.down - before.down, after.up - before.up];
  return {
    round: plan.round,
    learningRate: plan.learningRate,
    batchSize: plan.batchSize,
    localEpochs: 'localEpochs' in plan.work ? plan.work.localEpochs : null,
    localSteps: 'localSteps' in plan.work ? plan.work.localSteps : null,
    cohortSize: cohort.length,
    serverLearningRate: result.server.learningRate,
    serverMomentum: result.server.momentum,
    clientMomentum: values.clientMomentum ?? null,
    proximalMu: values.proximalMu ?? null,
    weightDecay: values.weightDecay ?? null,
    clipNorm: values.clipNorm ?? null,
    noiseScale: (plan.learningRate * facts.examples) / (plan.batchSize === 'full' ? facts.meanShard : plan.batchSize),
    cohort,
    replies: result.updates.length,
    failures: result.failures.map(({ kind: _, round: __, ...failure }) => failure),
    faults: countFaults(result),
    duplicates: result.updates.reduce((sum, { duplicates = 0 }) => sum + duplicates, 0),
    committed: result.committed,
    trainLoss: result.examples > 0 ? result.lossSum / result.examples : null,
    testLoss: evaluation?.loss ?? null,
    testAccuracy: evaluation?.accuracy ?? null,
    examples: result.examples,
    steps: result.steps,
    totalExamples: (previous?.totalExamples ?? 0) + result.examples,
    totalSteps: (previous?.totalSteps ?? 0) + result.steps,
    bytesDown,
    bytesUp,
    totalBytes: (previous?.totalBytes ?? 0) + bytesDown + bytesUp,
    simulatedSeconds: simulated?.seconds ?? null,
    simulatedJoules: simulated === undefined ? null : (previous?.simulatedJoules ?? 0) + simulated.joules,
    simulatedBytes: simulated === undefined ? null : (previous?.simulatedBytes ?? 0) + simulated.bytes,
    surplus: simulated?.surplus ?? [],
    meanStaleness: simulated?.meanStaleness ?? null,
    ms: {
      total: milliseconds(facts.totalMs),
      broadcast: milliseconds(broadcast),
      train: milliseconds(train),
      collect: milliseconds(collect),
      aggregate: milliseconds(aggregate),
      evaluate: milliseconds(evaluation?.ms ?? 0),
    },
    digest: digestOf(facts.weights),
  };
}

function countFaults({ updates, failures }: RoundResult): RoundRecord['faults'] {
  const counts: { [kind in FaultKind]?: number } = {};
  for (const { fault } of [...updates, ...failures]) {
    if (fault !== undefined) counts[fault] = (counts[fault] ?? 0) + 1;
  }
  return counts;
}
