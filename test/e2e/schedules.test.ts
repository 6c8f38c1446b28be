/** Schedules in whole runs: what clients used is what was planned, in every pool. */
import { expect, test } from 'vitest';
import { runText } from '../support/run.js';

const unlike = `
schemaVersion: 1
name: unlike-shards
seed: 5
# 13 examples over 3 clients: shards of 4, 4 and 5.
data: { dataset: digits, trainLimit: 13, partition: { kind: iid, clients: 3 } }
model: { kind: mlp, hidden: [], activation: relu }
federation: { rounds: 3, cohort: { size: 3 }, localEpochs: 1 }
schedules:
  learningRate: { kind: linear, start: 0.9, end: 0, unit: step }
  batchSize: 2
pool: { kind: inline }
`;

test.each([['inline'], ['process']])(
  'a rate that counts steps goes along each client’s own steps from the planned offset (%s pool)',
  async (pool) => {
    const { clients } = await runText(unlike, [`pool.kind=${pool}`, 'pool.workers=2']);
    // The mean shard, 13/3 examples, makes 3 steps of 2 a round: 9 in all, so η = 0.9 − 0.1 t and round r starts at t = 3r.
    // Clients 0 and 1 make 2 steps, client 2 makes 3, the last of them with one example.
    const used = clients.map((record) => {
      if (record.kind !== 'update') throw new Error(record.reason);
      const { round, client, learningRateFirst, learningRateLast, steps, truncatedBatches } = record;
      return [round, client, learningRateFirst, learningRateLast, steps, truncatedBatches];
    });
    const close = (value: number) => expect.closeTo(value, 7);
    expect(used).toEqual([
      [0, 0, close(0.9), close(0.8), 2, 0],
      [0, 1, close(0.9), close(0.8), 2, 0],
      [0, 2, close(0.9), close(0.7), 3, 1],
      [1, 0, close(0.6), close(0.5), 2, 0],
      [1, 1, close(0.6), close(0.5), 2, 0],
      [1, 2, close(0.6), close(0.4), 3, 1],
      [2, 0, close(0.3), close(0.2), 2, 0],
      [2, 1, close(0.3), close(0.2), 2, 0],
      [2, 2, close(0.3), close(0.1), 3, 1],
    ]);
  },
);

const everything = `
schemaVersion: 1
name: everything-moves
seed: 6
data: { dataset: digits, partition: { kind: shards, clients: 15 } }
model: { kind: mlp, hidden: [8], activation: tanh }
federation: { rounds: 6, cohort: { size: 5 }, clientOptimizer: { kind: nesterov } }
schedules:
  learningRate: { kind: cosine, start: 0.2, end: 0, unit: step }
  batchSize: { kind: normTest, start: 4, max: 40 }
  localSteps: { kind: linear, start: 12, end: 3 }
  cohortSize: { kind: linear, start: 3, end: 9 }
  serverLearningRate: { kind: fedExp }
  serverMomentum: { kind: linear, start: 0.5, end: 0 }
  clientMomentum: { kind: linear, start: 0, end: 0.9, unit: step }
  proximalMu: 0.05
  weightDecay: { kind: exponential, start: 0.001, factor: 0.5 }
  clipNorm: { kind: linear, start: 2, end: 0.5, unit: step }
`;

test('every hyperparameter scheduled at once gives the same bits inline and in 1, 2 and 3 client processes', async () => {
  const inline = await runText(everything, ['pool.kind=inline']);
  for (const workers of [1, 2, 3]) {
    const run = await runText(everything, ['pool.kind=process', `pool.workers=${workers}`]);
    expect(run.summary.digest).toBe(inline.summary.digest);
  }
  const { rounds } = inline;
  expect(rounds.map((round) => round.localSteps)).toEqual([12, 11, 9, 8, 6, 5]);
  expect(rounds.map((round) => round.cohortSize)).toEqual([3, 4, 5, 6, 7, 8]);
  expect(rounds.map((round) => round.cohort.length)).toEqual([3, 4, 5, 6, 7, 8]);
  expect(rounds.map((round) => round.weightDecay)).toEqual(
    [1, 2, 4, 8, 16, 32].map((by) => expect.closeTo(0.001 / by, 12)),
  );
  expect(rounds.map((round) => round.batchSize)).toEqual(
    [...rounds.map((round) => round.batchSize)].sort((a, b) => Number(a) - Number(b)),
  );
  expect(Math.max(...rounds.map((round) => round.serverLearningRate))).toBeGreaterThan(1);
  const [last] = rounds.slice(-1);
  expect(last.totalSteps).toBe(rounds.reduce((sum, round) => sum + round.steps, 0));
  expect(last.totalExamples).toBe(rounds.reduce((sum, round) => sum + round.examples, 0));
  expect(rounds[0].noiseScale).toBeCloseTo((0.2 * 1500) / 4, 6);
});

const small = `
schemaVersion: 1
name: grow-or-decay
seed: 1
data: { dataset: mnist, trainLimit: 6000, partition: { kind: iid, clients: 10 } }
model: { kind: mlp, hidden: [64], activation: relu }
federation: { rounds: 20, cohort: { size: 10 }, localEpochs: 1 }
schedules: { learningRate: 0.05, batchSize: 8 }
evaluation: { every: 20 }
pool: { kind: inline }
`;
const decay = '{kind: step, start: 0.05, factor: 0.5, every: 5}';

test('growing the batch instead of decaying the rate ends at the same loss with the updates that were computed beforehand', async () => {
  const none = await runText(small);
  const decayed = await runText(small, [`schedules.learningRate=${decay}`]);
  const grown = await runText(small, [
    `schedules.learningRate={kind: growBatchInsteadOfDecay, decay: ${decay}, startBatchSize: 8, maxBatchSize: 600}`,
    'schedules.batchSize={kind: fromLearningRate}',
  ]);
  // Shards of 600 and batches of 8, 16, 32, 64 for five rounds each: 75, 38, 19, 10 steps; ten clients.
  expect(grown.rounds.map((round) => round.batchSize)).toEqual([8, 16, 32, 64].flatMap((size) => Array(5).fill(size)));
  expect(grown.summary.steps).toBe(10 * 5 * (75 + 38 + 19 + 10));
  expect(decayed.summary.steps).toBe(10 * 20 * 75);
  const loss = ({ summary }: { summary: { finalLoss: number | null } }) => summary.finalLoss as number;
  expect(Math.abs(loss(grown) - loss(decayed))).toBeLessThan(0.006);
  expect(Math.abs(loss(none) - loss(decayed))).toBeGreaterThan(0.006);
});

test('a run stops when it is flat, and says so', async () => {
  const { summary } = await runText(small, [
    'schedules.learningRate=0',
    'evaluation.every=1',
    'stop={whenFlat: {patience: 2}}',
  ]);
  expect(summary).toMatchObject({ outcome: 'flat', rounds: 3 });
});
