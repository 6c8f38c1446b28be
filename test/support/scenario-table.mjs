/**
 * The scenarios whose digests are one in every pool: what a federation can do, in a few small rounds each. They share
 * data, model and seed, so that one pool serves them all. Plain JavaScript: other Node versions run it as it is.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadData } from 'fedtempo/client/load-data.js';
import { ClientStateStore } from 'fedtempo/server/client-state/client-state-store.js';
import { coordinate } from 'fedtempo/server/coordinator.js';
import { digestOf } from 'fedtempo/server/digest.js';
import { InlineEvaluator } from 'fedtempo/server/evaluation/evaluator.js';
import { decodeState, encodeState, firstState } from 'fedtempo/server/run-state.js';
import { encodeCheckpoint, readCheckpoint } from 'fedtempo/server/store/checkpoint.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { Spans } from 'fedtempo/shared/times/spans.js';

const head = `
schemaVersion: 1
name: table
seed: 9
data: { dataset: digits, partition: { kind: shards, clients: 14, shardsPerClient: 3 } }
model: { kind: mlp, hidden: [9], activation: tanh }
`;

/** Devices so unlike that some are late, gone or stale. */
const devices = `
devices:
  classes:
    - { name: fast, share: 2, examplesPerSecond: { kind: logNormal, median: 60, sigma: 0.7 }, downloadMbps: 5, uploadMbps: 1, failureRate: 0.1 }
    - { name: slow, examplesPerSecond: 6, downloadMbps: 1, uploadMbps: { kind: exponential, mean: 0.2 }, jitter: 0.5, availability: 0.7 }`;

/** By name: federation, schedules and whatever else a scenario has. */
export const scenarios = {
  'fedavg at a constant rate': `
federation: { rounds: 3, cohort: { size: 6 } }
schedules: { learningRate: 0.1, batchSize: 10 }`,
  'schedules by round': `
federation: { rounds: 5, cohort: { size: 5 }, localEpochs: 2 }
schedules:
  learningRate: { kind: polynomial, start: 0.2, end: 0.01, power: 2 }
  batchSize: { kind: linear, start: 4, end: 30 }
  cohortSize: { kind: linear, start: 3, end: 14 }`,
  'schedules by local step': `
federation: { rounds: 4, cohort: { size: 7 }, localSteps: 9, clientOptimizer: { kind: nesterov } }
schedules:
  learningRate: { kind: cosine, start: 0.2, end: 0, unit: step }
  clientMomentum: { kind: linear, start: 0, end: 0.9, unit: step }
  batchSize: 8`,
  'full batches and a server with momentum': `
federation: { rounds: 4, cohort: { fraction: 0.5 }, localEpochs: 3 }
schedules: { learningRate: 0.3, batchSize: full, serverLearningRate: 0.7, serverMomentum: { kind: linear, start: 0.9, end: 0 } }`,
  'fedprox with weight decay and clipping': `
federation: { rounds: 3, cohort: { size: 6 }, localEpochs: 2, clientOptimizer: { kind: adam } }
schedules: { learningRate: 0.01, batchSize: 16, proximalMu: 0.1, weightDecay: 0.001, clipNorm: 1 }`,
  'every kind of fault': `
federation: { rounds: 6, cohort: { size: 9 }, minimumReplies: 2 }
schedules: { learningRate: 0.1, batchSize: 10 }
faults:
  - { kind: drop, probability: 0.15 }
  - { kind: crash, clients: [2, 5], rounds: [1, 3] }
  - { kind: late, probability: 0.1 }
  - { kind: byzantine, attack: signFlip, factor: 2, clients: { fraction: 0.2 } }
  - { kind: byzantine, attack: gaussianNoise, factor: 0.01, probability: 0.2 }
  - { kind: corrupt, how: nan, probability: 0.1 }
  - { kind: duplicate, probability: 0.3 }`,
  'scaffold, rates by local step': `
federation: { algorithm: { kind: scaffold }, rounds: 5, cohort: { size: 6 }, localEpochs: 2 }
schedules:
  learningRate: { kind: cosine, start: 0.2, end: 0.02, unit: step }
  batchSize: 10`,
  'scaffold weighed by examples, a server with momentum': `
federation: { algorithm: { kind: scaffold, weighting: examples }, rounds: 4, cohort: { size: 9 }, localSteps: 5 }
schedules: { learningRate: 0.1, batchSize: 7, serverLearningRate: 0.8, serverMomentum: 0.5, clipNorm: 2 }`,
  'scaffold under faults': `
federation: { algorithm: { kind: scaffold }, rounds: 6, cohort: { size: 8 }, localSteps: 4, minimumReplies: 5 }
schedules: { learningRate: 0.1, batchSize: 10 }
faults:
  - { kind: drop, probability: 0.2 }
  - { kind: crash, clients: [1, 2, 3, 4, 5, 6, 7, 8, 9], rounds: [2] }
  - { kind: corrupt, how: truncate, probability: 0.1 }
  - { kind: byzantine, attack: signFlip, clients: { fraction: 0.2 } }
  - { kind: duplicate, probability: 0.4 }`,
  'adaptive schedules': `
federation: { rounds: 8, cohort: { size: 6 } }
schedules:
  learningRate: { kind: reduceOnPlateau, start: 0.2, factor: 0.5, patience: 1 }
  batchSize: { kind: normTest, start: 4, max: 40 }
  serverLearningRate: { kind: fedExp }`,
  'a deadline and over-selection in virtual time': `
federation: { rounds: 5, cohort: { size: 5 }, overSelection: 1.6, deadlineSeconds: 12, localEpochs: 2 }
schedules: { learningRate: { kind: linear, start: 0.2, end: 0.05 }, batchSize: 9 }${devices}`,
  fedbuff: `
federation: { rounds: 9, cohort: { size: 8 }, algorithm: { kind: fedbuff, bufferSize: 3, maxStaleness: 3 } }
schedules:
  learningRate: { kind: linear, start: 0.2, end: 0.05, unit: step }
  batchSize: 9
  cohortSize: { kind: linear, start: 4, end: 9 }
  serverMomentum: 0.4${devices}`,
  'fedasync with an adaptive rate': `
federation: { rounds: 20, cohort: { size: 6 }, algorithm: { kind: fedasync, mixing: 0.7, staleness: { kind: hinge, a: 2, b: 2 } } }
schedules: { learningRate: { kind: reduceOnPlateau, start: 0.2, factor: 0.5, patience: 1 }, batchSize: 9 }${devices}`,
  'edges that are averaged every second round': `
federation: { rounds: 5, cohort: { size: 7 }, hierarchy: { edges: 4, period: 2 } }
schedules: { learningRate: 0.2, batchSize: 10, serverLearningRate: 0.8, serverMomentum: 0.5 }`,
};

/** One scenario of the table, complete. */
export function loadOne(name) {
  const [{ scenario }] = loadScenarios(head + scenarios[name], 'table.yaml');
  return scenario;
}

/** Any scenario's part that pools need: it is the same for all. */
export const common = () => loadOne('fedavg at a constant rate');

/** What the digests were when they were stored. */
export const stored = () => JSON.parse(readFileSync(new URL('../golden/scenario-table.json', import.meta.url), 'utf8'));

/**
 * Runs scenarios of the table over a pool, each to its end.
 *
 * @returns the digest of each one's final weights, by name
 */
export async function digestsOn(pool, names = Object.keys(scenarios), kernels = 'auto') {
  const digests = {};
  for await (const [name, { digest }] of runsOn(pool, names, kernels)) digests[name] = digest;
  return digests;
}

/**
 * Runs each scenario, and then once more from a checkpoint of every other round of that run.
 *
 * @returns the digests of the resumed runs, by name
 */
export async function resumedDigestsOn(pool, names = Object.keys(scenarios)) {
  const digests = {};
  for await (const [name, { checkpoints, from }] of runsOn(pool, names, 'auto')) {
    const all = [];
    for (const bytes of checkpoints.filter((_, round) => round % 2 === 0)) all.push(await from(bytes));
    digests[name] = all.every((digest) => digest === all[0]) ? all[0] : all.join();
  }
  return digests;
}

async function* runsOn(pool, names, kernels) {
  const data = await loadData(common(), '.');
  const { model, partition, source } = data;
  const spans = new Spans(() => 0, false);
  const evaluator = new InlineEvaluator(chooseKernels(kernels).createCore(model), source.test.select(), spans);
  for (const name of names) {
    const scenario = loadOne(name);
    const folder = mkdtempSync(join(tmpdir(), 'fedtempo-table-'));
    const statesIn = (part) => {
      const directory = join(folder, part);
      mkdirSync(directory, { recursive: true });
      // Memory for three states, so that most go to disk and back.
      const { parameters } = model.layout;
      return new ClientStateStore({ parameters, memoryBytes: 12 * parameters, directory });
    };
    const checkpoints = [];
    const records = [];
    const toEnd = async (start, states, onRound) => {
      const { outcome, state, error } = await coordinate({
        scenario,
        start,
        pool,
        evaluator,
        planner: roundPlanner(scenario, { examples: partition.examples }),
        examples: partition.examples,
        shardSize: (client) => partition.sizeOf(client),
        states,
        onRound,
        signal: new AbortController().signal,
        spans,
      });
      states.close();
      if (error !== undefined) throw error;
      return outcome === 'rounds' ? digestOf(state.weights) : outcome;
    };
    const facts = { name, seed: scenario.seed, scenario: '0'.repeat(64), dataset: source.digest };
    const first = firstState(initialize(model, scenario.model.initialization, scenario.seed));
    const states = statesIn('run');
    const digest = await toEnd(first, states, (done) => {
      const { further, ...rest } = encodeState(done.state);
      const { rounds } = done.state;
      const checkpoint = { ...facts, ...rest, rounds, lines: { rounds, clients: 0 }, clientState: states.snapshot() };
      // A run keeps the states of its last checkpoints alone; here all are wanted.
      cpSync(join(folder, 'run'), join(folder, String(rounds)), { recursive: true });
      records.push(done.record);
      checkpoints.push(encodeCheckpoint(checkpoint, model.layout, done.state.weights, further));
    });
    const from = (bytes) => {
      const checkpoint = readCheckpoint(bytes, 'the checkpoint');
      const { rounds } = checkpoint;
      const restored = statesIn(String(rounds));
      restored.restore(checkpoint.clientState, rounds);
      return toEnd(decodeState(checkpoint, model.layout, records[rounds - 1]), restored, () => {});
    };
    try {
      yield [name, { digest, checkpoints, from }];
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
