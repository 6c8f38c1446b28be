/** The small real scenario on which pools are tested. */
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant, type Participant } from 'fedtempo/client/participant.js';
import { InlinePool } from 'fedtempo/server/pool/inline.js';

import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';

const text = `
schemaVersion: 1
name: pool-test
seed: 3
data: { dataset: digits, partition: { kind: shards, clients: 12 } }
model: { kind: mlp, hidden: [9], activation: tanh }
federation: { rounds: 5, cohort: { size: 6 }, localEpochs: 1 }
schedules: { learningRate: { kind: linear, start: 0.2, end: 0.1 }, batchSize: 7 }
`;

/** Scenario, data, first weights, and what a round's work needs. */
export async function digits() {
  const [{ scenario }] = loadScenarios(text, 'pool-test.yaml');
  const data = await loadData(scenario, '.');
  const { model, partition, source } = data;
  const planner = roundPlanner(scenario, { examples: source.train.examples });
  const weights = initialize(model, 'glorot', scenario.seed);
  const parameters = weights.length;
  return {
    scenario,
    data,
    weights,
    parameters,
    digest: source.digest,
    planOf: (round: number) => planner.plan(round, source.train.examples),
    shardSize: (client: number) => partition.sizeOf(client),
    participant: () => createParticipant(data, chooseKernels('auto'), scenario.seed),
  };
}

/** The reference pool over a participant. */
export function inlinePool({ answer, spans }: Participant): InlinePool {
  return new InlinePool(answer, spans);
}
