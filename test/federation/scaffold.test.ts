import { readFileSync } from 'node:fs';
import { InlinePool } from 'fedtempo/server/pool/inline.js';
import { runRound } from 'fedtempo/server/round.js';
import type { Dataset } from 'fedtempo/shared/data/dataset.js';
import { type AlgorithmSpec, createAlgorithm, type ServerState } from 'fedtempo/shared/federation/algorithm.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { createModel } from 'fedtempo/shared/model/model.js';
import { createClientOptimizer } from 'fedtempo/shared/optimizer/client-optimizer.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { changeOf, correctionOf } from 'fedtempo/shared/training/control-variate.js';
import { trainLocally } from 'fedtempo/shared/training/local-training.js';
import { expect, test } from 'vitest';
import { PlainStates } from '../support/plain-states.js';

interface GoldenRound {
  readonly weights: number[];
  readonly control: number[];
  readonly own: number[][];
}

interface Golden {
  readonly widths: number[];
  readonly shards: { readonly features: number[]; readonly labels: number[] }[];
  readonly first: number[];
  readonly cohorts: number[][];
  readonly rates: number[][];
  readonly serverRates: number[];
  readonly rounds: Record<'uniform' | 'examples', GoldenRound[]>;
}

const golden = JSON.parse(readFileSync(new URL('../golden/scaffold/scaffold.json', import.meta.url), 'utf8')) as Golden;
const model = createModel(golden.widths, 'tanh', 'softmaxCrossEntropy');
const shards = golden.shards.map(
  ({ features, labels }): Dataset => ({
    examples: labels.length,
    featureCount: golden.widths[0],
    classCount: golden.widths[golden.widths.length - 1],
    features: Float32Array.from(features),
    labels: Int32Array.from(labels),
  }),
);
const spans = new Spans(() => 0, false);
const examples = shards.reduce((sum, shard) => sum + shard.examples, 0);

/** A federation of the four clients, full batches, that makes its rounds one by one. */
function federation(spec: AlgorithmSpec) {
  const core = chooseKernels('auto').createCore(model);
  const pool = new InlinePool(
    (plan, client, weights, _, variates) =>
      trainLocally(core, { plan, client, weights, shard: shards[client], seed: 1, variates, now: () => 0 }),
    spans,
  );
  const states = new PlainStates(model.layout.parameters);
  let [weights, serverState] = [Float32Array.from(golden.first), undefined as ServerState];
  return {
    states,
    async round(cohort: readonly number[], rates: readonly number[], serverRate: number) {
      const result = await runRound({
        plan: {
          round: 0,
          learningRate: rates[0],
          batchSize: 'full',
          work: { localSteps: rates.length },
          clientOptimizer: createClientOptimizer('sgd'),
          along: { learningRate: Float32Array.from(rates) },
        },
        cohort,
        weights,
        algorithm: createAlgorithm(spec),
        serverValues: () => ({ learningRate: serverRate, momentum: 0 }),
        measure: false,
        states,
        population: { clients: shards.length, examples },
        serverState,
        pool,
        shardSize: (client) => shards[client].examples,
        minimumReplies: 1,
        signal: new AbortController().signal,
        spans,
      });
      if (result === undefined) throw new Error('the round was aborted');
      states.commit(result.committed);
      weights = result.weights as Float32Array<ArrayBuffer>;
      serverState = result.serverState;
      return { weights, serverState };
    },
  };
}

/** The largest difference of two arrays. */
function apart(values: ArrayLike<number>, others: ArrayLike<number>): number {
  expect(values.length).toBe(others.length);
  return Array.from(values, (value, index) => Math.abs(value - others[index])).reduce((a, b) => Math.max(a, b), 0);
}

const none = new Float32Array(model.layout.parameters);

test.each(['uniform', 'examples'] as const)(
  'weights, control variate and states of three rounds are those of numpy in float64, weighed %s',
  async (weighting) => {
    const { round, states } = federation({ kind: 'scaffold', weighting });
    for (const [index, expected] of golden.rounds[weighting].entries()) {
      const cohort = golden.cohorts[index];
      const { weights, serverState } = await round(cohort, golden.rates[index], golden.serverRates[index]);
      expect(apart(weights, expected.weights)).toBeLessThan(2e-6);
      expect(apart(serverState?.control ?? [], expected.control)).toBeLessThan(2e-6);
      for (const [client, state] of expected.own.entries()) {
        expect(apart(states.current.get(client) ?? none, state)).toBeLessThan(2e-6);
      }
    }
    // The numbers say something: states and control are far from zero.
    expect(apart(golden.rounds[weighting][2].control, none)).toBeGreaterThan(0.05);
  },
);

test('with one local step and everyone in the cohort it is FedAvg, since Σ p_i (c − c_i) = 0', async () => {
  const scaffold = federation({ kind: 'scaffold', weighting: 'examples' });
  const fedAvg = federation({ kind: 'fedavg' });
  for (const rate of [0.5, 0.25, 0.375, 0.5]) {
    const [one, other] = [await scaffold.round([0, 1, 2, 3], [rate], 1), await fedAvg.round([0, 1, 2, 3], [rate], 1)];
    expect(apart(one.weights, other.weights)).toBeLessThan(1e-6);
  }
  const [one, other] = [
    await scaffold.round([0, 1, 2, 3], [0.5, 0.5, 0.5], 1),
    await fedAvg.round([0, 1, 2, 3], [0.5, 0.5, 0.5], 1),
  ];
  expect(apart(one.weights, other.weights)).toBeGreaterThan(0.01);
});

test('c stays the mean of all c_i under the weights of the updates, those never seen included', async () => {
  for (const weighting of ['uniform', 'examples'] as const) {
    const { round, states } = federation({ kind: 'scaffold', weighting });
    for (const cohort of [[0, 2], [1, 2], [2], [0, 1, 2]]) {
      const { serverState } = await round(cohort, [0.5, 0.25], 1);
      const weights = shards.map((shard) => (weighting === 'uniform' ? 1 / shards.length : shard.examples / examples));
      const mean = Array.from(none, (_, index) =>
        weights.reduce((sum, weight, client) => sum + weight * (states.current.get(client)?.[index] ?? 0), 0),
      );
      expect(apart(serverState?.control ?? [], mean)).toBeLessThan(1e-6);
      expect(states.current.has(3)).toBe(false);
    }
  }
});

test('the change is −c − Δ/Ση with the sum of the rates used, not K times the last', () => {
  const change = changeOf(Float32Array.of(0.5, -1), Float32Array.of(-3, 1.5), Float32Array.of(1, 0.5, 0.25, 0.25));
  // Ση = 2: −0.5 + 1.5 and 1 − 0.75. Four times the last rate would give 2.5 and −0.5.
  expect([...change]).toEqual([1, 0.25]);
});

test('where every rate was zero nothing was seen, and the state stays', () => {
  expect([...changeOf(Float32Array.of(0.5, -1), Float32Array.of(0, 0), Float32Array.of(0, 0))]).toEqual([0, 0]);
});

test('a client that was never counted corrects by c alone, others by c − c_i', () => {
  const control = Float32Array.of(0.5, -1);
  expect([...correctionOf({ control, own: undefined })]).toEqual([0.5, -1]);
  expect([...correctionOf({ control, own: Float32Array.of(0.25, 1) })]).toEqual([0.25, -2]);
});
