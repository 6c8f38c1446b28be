/** The decorator that injects faults: a pool like any other, and a round whose outcome is known by hand. */
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { withFaults } from 'fedtempo/server/pool/faults.js';
import { runRound } from 'fedtempo/server/round.js';
import { createFaults } from 'fedtempo/shared/federation/faults/faults.js';
import { faultsSchema } from 'fedtempo/shared/federation/faults/rules.js';
import { fedAvg } from 'fedtempo/shared/federation/fedavg.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { describe, expect, test } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits, inlinePool } from '../support/digits.js';

const faultsOf = (...rules: object[]) => createFaults(faultsSchema.parse(rules), 1);

describe('a pool with faults that hit nobody', () => {
  poolConforms(async () => {
    const pool = inlinePool((await digits()).participant());
    return withFaults(pool, faultsOf({ kind: 'drop', clients: [999] }), 1);
  });
});

test('without rules a pool is left as it is', async () => {
  const pool = inlinePool((await digits()).participant());
  expect(withFaults(pool, faultsOf(), 1)).toBe(pool);
});

/** Least squares from weights of 0, a full batch, one step, one point of XOR for each of the four clients. */
const linear = `
schemaVersion: 1
name: linear
data: { dataset: xor, partition: { kind: iid, clients: 4 } }
model: { kind: mlp, hidden: [], loss: meanSquaredError }
federation: { rounds: 1, cohort: { size: 4 }, localSteps: 1 }
schedules: { learningRate: 0.5, batchSize: full }
`;

test('a sign flip moves the model as the closed form says', async () => {
  const [{ scenario }] = loadScenarios(linear, 'linear.yaml');
  const data = await loadData(scenario, '.');
  const participant = createParticipant(data, chooseKernels('auto'), scenario.seed);
  const rule = { kind: 'byzantine', attack: 'signFlip', factor: 3, clients: [2] };
  const result = await runRound({
    plan: roundPlanner(scenario, { examples: 4 }).plan(0, 1),
    cohort: [0, 1, 2, 3],
    weights: new Float32Array(6),
    algorithm: fedAvg,
    serverValues: () => ({ learningRate: 1, momentum: 0 }),
    measure: false,
    serverState: undefined,
    population: { clients: 4, examples: 4 },
    pool: withFaults(inlinePool(participant), faultsOf(rule), 1),
    shardSize: () => 1,
    minimumReplies: 1,
    signal: new AbortController().signal,
    spans: participant.spans,
  });

  // At w = 0 the outputs are 0. For a point x with label y, ∂J/∂z_c = 2(z_c − [c = y])/k = −[c = y], so the step with
  // η = ½ is ½ x_j for W[j][y] and ½ for b[y]. The mean has weights ¼, and −¾ for the client that flips by 3.
  const points = [
    { x: [0, 0], y: 0 },
    { x: [0, 1], y: 1 },
    { x: [1, 0], y: 1 },
    { x: [1, 1], y: 0 },
  ];
  const expected = [0, 0, 0, 0, 0, 0];
  for (const client of [0, 1, 2, 3]) {
    const { x, y } = points[data.partition.shardOf(client)[0]];
    const weight = client === 2 ? -0.75 : 0.25;
    x.forEach((value, j) => {
      expected[2 * j + y] += weight * 0.5 * value;
    });
    expected[4 + y] += weight * 0.5;
  }
  expect([...(result?.weights ?? [])]).toEqual(expected);
  // Both labels' biases would have grown by a quarter without it.
  expect(expected.slice(4).sort((a, b) => a - b)).toEqual([-0.25, 0.25]);
});
