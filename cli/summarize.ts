/** From what a run did to its summary.json. */
import type { RunResult } from '../server/coordinator.js';
import { digestOf } from '../server/digest.js';
import type { ClientPool } from '../server/pool/pool.js';
import type { KeptRecord, Summary } from '../server/store/records.js';
import type { LoopDelay } from '../server/times/loop-delay.js';
import type { ThreadTimes } from '../server/times/time-table.js';
import { chooseKernels, type KernelsName } from '../shared/kernels/choose.js';
import type { Model } from '../shared/model/model.js';
import type { Scenario } from '../shared/scenario/scenario.js';

export interface RunFacts {
  readonly scenario: Scenario;
  readonly kernels: KernelsName;
  readonly result: RunResult;
  /** All of the run, those before an interruption among them. */
  readonly rounds: readonly KeptRecord[];
  readonly pool: ClientPool;
  readonly model: Model;
  readonly directory: string;
  readonly wallMs: number;
  readonly times: readonly ThreadTimes[];
  readonly loopDelayMs: LoopDelay;
}

export function summarize(facts: RunFacts): Summary {
  const { scenario, kernels, result, rounds, pool, model, directory, wallMs, times, loopDelayMs } = facts;
  const evaluated = rounds.filter(({ testAccuracy }) => testAccuracy !== null);
  const last = evaluated.at(-1);
  const sum = (value: (round: (typeof rounds)[number]) => number) =>
    rounds.reduce((total, round) => total + value(round), 0);
  return {
    name: scenario.name,
    seed: scenario.seed,
    outcome: result.outcome,
    rounds: rounds.length,
    digest: digestOf(result.state.weights),
    finalAccuracy: last?.testAccuracy ?? null,
    finalLoss: last?.testLoss ?? null,
    bestAccuracy:
      evaluated.length === 0
        ? null
        : evaluated.reduce((best, { testAccuracy }) => Math.max(best, testAccuracy as number), 0),
    roundsToTarget: result.roundsToTarget,
    simulatedSeconds: rounds.at(-1)?.simulatedSeconds ?? null,
    simulatedSecondsToTarget: result.roundsToTarget === null ? null : (rounds.at(-1)?.simulatedSeconds ?? null),
    simulatedJoules: rounds.at(-1)?.simulatedJoules ?? null,
    simulatedBytes: rounds.at(-1)?.simulatedBytes ?? null,
    examples: sum(({ examples }) => examples),
    steps: sum(({ steps }) => steps),
    failures: sum(({ failures }) => failures.length),
    bytesDown: sum(({ bytesDown }) => bytesDown),
    bytesUp: sum(({ bytesUp }) => bytesUp),
    wallMs,
    pool: pool.kind,
    workers: pool.workers,
    kernels: chooseKernels(kernels).name,
    clients: scenario.data.partition.clients,
    parameters: model.layout.parameters,
    times,
    loopDelayMs,
    directory,
  };
}
