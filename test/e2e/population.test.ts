/** A population is a number: a billion clients cost what a thousand do, in every pool and from the start to the records. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { coordinate } from 'fedtempo/server/coordinator.js';
import { InlineEvaluator } from 'fedtempo/server/evaluation/evaluator.js';
import { firstState } from 'fedtempo/server/run-state.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, test } from 'vitest';
import { workspace } from '../support/cli.js';
import { inlinePool } from '../support/digits.js';
import { runCommand } from '../support/processes.js';
import { runText } from '../support/run.js';

const ROUNDS = 4;
const COHORT = 10;
const POPULATIONS = [1000, 1_000_000, 1_000_000_000];

const text = (population: number) => `
schemaVersion: 1
name: population-test
seed: 6
data: { dataset: digits, partition: { kind: drawn, clients: ${population}, examples: { min: 5, max: 25 }, labels: 3 } }
model: { kind: mlp, hidden: [8] }
federation: { rounds: ${ROUNDS}, cohort: { size: ${COHORT} } }
schedules:
  learningRate: { kind: linear, start: 0.2, end: 0.1, unit: step }
  batchSize: { kind: linear, start: 4, end: 8 }
pool: { kind: inline }
`;

/** A run whose partition and evaluator are the real ones, with the questions that the partition is asked counted. */
async function countedRun(population: number) {
  const [{ scenario }] = loadScenarios(text(population), 'population.yaml');
  const data = await loadData(scenario, '.');
  const asked = { sizes: 0, shards: 0, clients: new Set<number>() };
  const partition = {
    ...data.partition,
    sizeOf: (client: number) => {
      asked.sizes += 1;
      asked.clients.add(client);
      return data.partition.sizeOf(client);
    },
    shardOf: (client: number) => {
      asked.shards += 1;
      asked.clients.add(client);
      return data.partition.shardOf(client);
    },
  };
  const kernels = chooseKernels('auto');
  const spans = new Spans(() => 0, false);
  const { outcome, rounds } = await coordinate({
    scenario,
    start: firstState(initialize(data.model, 'glorot', scenario.seed)),
    pool: inlinePool(createParticipant({ ...data, partition }, kernels, scenario.seed)),
    evaluator: new InlineEvaluator(kernels.createCore(data.model), data.source.test.select(), spans),
    spans,
    planner: roundPlanner(scenario, partition),
    examples: partition.examples,
    shardSize: partition.sizeOf,
    onRound: () => {},
    signal: new AbortController().signal,
  });
  expect([outcome, rounds.length]).toEqual(['rounds', ROUNDS]);
  return asked;
}

test('a run asks for the sizes and shards of its cohorts and of nobody else, however large the population', async () => {
  for (const population of POPULATIONS) {
    const { sizes, shards, clients } = await countedRun(population);
    // Of a thousand clients one may come back, and is known.
    expect(shards).toBeLessThanOrEqual(ROUNDS * COHORT);
    // The longest of a cohort, the cohort's sum, and the check of each update: a handful for each client, no more.
    expect(sizes).toBeLessThanOrEqual(5 * ROUNDS * COHORT);
    expect(clients.size).toBeLessThanOrEqual(shards);
    expect(clients.size).toBeGreaterThan(0.9 * ROUNDS * COHORT);
  }
});

test.each([
  [1000, 1],
  [1_000_000, 2],
])(
  'of %d clients, a shard that is used twice is made %d times: they are kept only where all fit',
  async (population, made) => {
    const [{ scenario }] = loadScenarios(text(population), 'population.yaml');
    const data = await loadData(scenario, '.');
    let shards = 0;
    const shardOf = (client: number) => {
      shards += 1;
      return data.partition.shardOf(client);
    };
    const partition = { ...data.partition, shardOf };
    const participant = createParticipant({ ...data, partition }, chooseKernels('auto'), scenario.seed);
    const plan = roundPlanner(scenario, partition).plan(0, 25);
    const weights = initialize(data.model, 'glorot', scenario.seed);
    const [first, again] = [participant.answer(plan, 7, weights), participant.answer(plan, 7, weights)];
    expect(again.delta).toEqual(first.delta);
    expect(shards).toBe(made);
  },
);

test('a run directory does not grow with the population', async () => {
  const sizes: number[] = [];
  for (const population of POPULATIONS) {
    const { summary } = await runText(text(population));
    expect([summary.outcome, summary.clients]).toEqual(['rounds', population]);
    const files = readdirSync(summary.directory).map((file) => statSync(join(summary.directory, file)).size);
    sizes.push(files.reduce((sum, size) => sum + size));
  }
  // Client numbers have up to six digits more, and stand twice in the records of a reply.
  const digits = 2 * 6 * ROUNDS * COHORT;
  expect(Math.max(...sizes)).toBeLessThan(sizes[0] + digits + 400);
});

test('a billion clients give the same bits in every pool', async () => {
  const digests = new Set<string>();
  for (const pool of ['inline', 'worker', 'process']) {
    const { summary, rounds } = await runText(text(1_000_000_000), [`pool.kind=${pool}`]);
    expect(rounds.flatMap(({ failures }) => failures)).toEqual([]);
    digests.add(summary.digest);
  }
  expect(digests.size).toBe(1);
});

test('validate and schedule answer for a billion clients, though a schedule counts steps and so wants the data', async () => {
  const { folder } = workspace();
  const file = join(folder, 'billion.yaml');
  writeFileSync(file, text(1_000_000_000));
  const valid = await runCommand(['validate', file]);
  expect(valid).toMatchObject({ code: 0, stderr: '' });
  expect(valid.stdout).toContain('1000000000 clients (drawn)');
  const schedule = await runCommand(['schedule', file, '--json']);
  expect(schedule).toMatchObject({ code: 0, stderr: '' });
  expect(schedule.stdout.trim().split('\n')).toHaveLength(ROUNDS);
});
