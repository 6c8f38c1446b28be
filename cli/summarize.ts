/** summary.json: what a run came to. */

import type { RunResult } from '../server/coordinator.js';
import { digestOf } from '../server/digest.js';
import type { ClientPool } from '../server/pool/pool.js';
import type { RoundRecord, Summary } from '../server/store/records.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import type { Model } from '../shared/model/model.js';
import type { RunSetting } from './conduct.js';

/** @param rounds all of the run, those before an interruption among them */
export function summarize(
  { scenario, kernels }: RunSetting,
  result: RunResult,
  rounds: readonly RoundRecord[],
  pool: ClientPool,
  model: Model,
  directory: string,
  wallMs: number,
): Summary {
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
      evaluated.length === 0 ? null : Math.max(...evaluated.map(({ testAccuracy }) => testAccuracy as number)),
    roundsToTarget: result.roundsToTarget,
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
    directory,
  };
}
