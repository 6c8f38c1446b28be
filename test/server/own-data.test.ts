/** A coordinator without data, and clients that bring their own: the same bits as where everyone has everything. */
import { ownDataOf } from 'fedtempo/client/data/own-data.js';
import { loadData } from 'fedtempo/client/load-data.js';
import { ownClientData } from 'fedtempo/client/own-client-data.js';
import { createParticipant, type Participant } from 'fedtempo/client/participant.js';
import { coordinate } from 'fedtempo/server/coordinator.js';
import { firstState } from 'fedtempo/server/run-state.js';
import type { RoundRecord } from 'fedtempo/server/store/records.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, test } from 'vitest';
import { inlinePool } from '../support/digits.js';

const CLIENTS = 6;
const text = (data: string) => `
schemaVersion: 1
name: own-run
seed: 8
data: ${data}
model: { kind: mlp, hidden: [9] }
federation: { rounds: 4, cohort: { size: 3 }, localEpochs: 2 }
schedules:
  learningRate: { kind: linear, start: 0.3, end: 0.1, unit: step }
  batchSize: 20
`;
const kernels = chooseKernels('auto');

/** Runs the scenario, its clients made of its data or given. */
async function run(data: string, clients?: (client: number) => Participant) {
  const [{ scenario }] = loadScenarios(text(data), 'own-run.yaml');
  const loaded = await loadData(scenario, '.');
  const { model, partition } = loaded;
  const participant = createParticipant(loaded, kernels, scenario.seed);
  const answer: Participant['answer'] = (plan, client, ...rest) =>
    (clients?.(client) ?? participant).answer(plan, client, ...rest);
  const records: RoundRecord[] = [];
  const result = (sizes: readonly number[] = []) => {
    sizes.forEach((examples, client) => {
      partition.declare?.(client, examples);
    });
    return coordinate({
      scenario,
      start: firstState(initialize(model, 'glorot', scenario.seed)),
      pool: inlinePool({ ...participant, answer }),
      evaluator: undefined,
      spans: new Spans(() => 0, false),
      planner: roundPlanner(scenario, partition),
      examples: partition.examples,
      shardSize: partition.sizeOf,
      onRound: ({ record }) => records.push(record),
      signal: new AbortController().signal,
    });
  };
  return { scenario, loaded, records, result };
}

test('clients with their own data train the model that the same shards of one dataset do, and nothing is evaluated', async () => {
  const whole = await run(`{ dataset: digits, partition: { kind: shards, clients: ${CLIENTS} } }`);
  const { partition, source } = whole.loaded;
  const expected = await whole.result();
  expect(expected.outcome).toBe('rounds');

  const { model, seed } = whole.scenario;
  const owned = Array.from({ length: CLIENTS }, (_, client) => {
    const shard = source.train.select(partition.shardOf(client));
    const own = ownDataOf({ features: denseFeatures(shard), labels: shard.labels, featureCount: 64 });
    const role = { featureCount: 64, classCount: 10, client };
    return createParticipant(ownClientData(own, model, role), kernels, seed);
  });
  const apart = await run(
    `{ dataset: own, features: 64, classes: 10, examples: 1500, partition: { kind: own, clients: ${CLIENTS} } }`,
    (client) => owned[client],
  );
  expect(apart.loaded.source.train.examples).toBe(0);
  const sizes = Array.from({ length: CLIENTS }, (_, client) => partition.sizeOf(client));
  const actual = await apart.result(sizes);

  expect(actual.outcome).toBe('rounds');
  expect(actual.state.weights).toEqual(expected.state.weights);
  expect(apart.records.map(({ digest }) => digest)).toEqual(whole.records.map(({ digest }) => digest));
  expect(apart.records).toHaveLength(4);
  for (const { testLoss, testAccuracy, trainLoss, replies, noiseScale } of apart.records) {
    expect({ testLoss, testAccuracy, replies }).toEqual({ testLoss: null, testAccuracy: null, replies: 3 });
    expect(trainLoss).toBeGreaterThan(0);
    expect(noiseScale).toBeGreaterThan(0);
  }
});

test('an update of another size than the client declared is a failure, and the round goes on', async () => {
  const own = ownDataOf({ features: new Float32Array(64 * 5).fill(0.5), labels: [1, 2, 3, 4, 5], featureCount: 64 });
  const made = new Map<number, Participant>();
  const { scenario, records, result } = await run(
    `{ dataset: own, features: 64, classes: 10, examples: 30, partition: { kind: own, clients: ${CLIENTS} } }`,
    (client) => made.get(client) as Participant,
  );
  for (let client = 0; client < CLIENTS; client++) {
    const role = { featureCount: 64, classCount: 10, client };
    made.set(client, createParticipant(ownClientData(own, scenario.model, role), kernels, scenario.seed));
  }
  const { outcome } = await result([5, 5, 4, 5, 5, 5]);
  expect(outcome).toBe('rounds');
  const failures = records.flatMap((record) => record.failures);
  expect(failures.length).toBeGreaterThan(0);
  for (const { client, code } of failures) expect([client, code]).toEqual([2, 'wrong-examples']);
});
