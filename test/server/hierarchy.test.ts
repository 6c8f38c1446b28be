/** Rounds with edges between clients and cloud, by hand. */
import { hierarchicalRounds } from 'fedtempo/server/hierarchy.js';
import { InlinePool } from 'fedtempo/server/pool/inline.js';
import type { RoundInput, RoundResult } from 'fedtempo/server/round.js';
import { fedAvg } from 'fedtempo/shared/federation/fedavg.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, test } from 'vitest';
import { updateOf } from '../federation/update.js';
import { digits } from '../support/digits.js';

/** Two edges, four clients: 0 and 2 at edge 0, 1 and 3 at edge 1. Each goes half of the way to its target. */
const examples = [1, 1, 3, 11];
const targets = [8, 24, -8, 0];
const spans = new Spans(() => 0, false);
const pool = new InlinePool(({ round }, client, [w]) => {
  return { ...updateOf(client, examples[client], [(targets[client] - w) / 2]), round };
}, spans);

async function rounds(cohorts: readonly number[][], change: Partial<RoundInput> = {}) {
  const { planOf } = await digits();
  const run = hierarchicalRounds({ edges: 2, period: 2 }, cohorts.length);
  const results: RoundResult[] = [];
  let carried: Pick<RoundInput, 'weights' | 'serverState' | 'hierarchy'> = {
    weights: new Float32Array(1),
    serverState: undefined,
  };
  for (const [round, cohort] of cohorts.entries()) {
    const result = await run({
      plan: planOf(round),
      cohort,
      algorithm: fedAvg,
      serverValues: () => ({ learningRate: 1, momentum: 0 }),
      measure: false,
      pool,
      shardSize: (client) => examples[client],
      minimumReplies: 1,
      population: { clients: 4, examples: 100 },
      signal: new AbortController().signal,
      spans,
      ...carried,
      ...change,
    });
    if (result === undefined) throw new Error('aborted');
    results.push(result);
    carried = result;
  }
  return results;
}

const edgesOf = ({ hierarchy }: RoundResult) =>
  [...(hierarchy?.moved ?? [])].map(([edge, moved]) => [edge, moved.weights[0], moved.examples]);
const everyone = [0, 1, 2, 3];

test('edges step by the mean of their clients, the cloud by the mean of the edges', async () => {
  const [first, second, third, fourth, last] = await rounds([everyone, everyone, [0], [1, 3], [2]]);
  // Updates 4, 12, −4, 0: edge 0 (4 − 3·4)/4 = −2, edge 1 (12 + 11·0)/12 = 1; together (4 + 12 − 12)/16 = ¼.
  expect(edgesOf(first)).toEqual([
    [0, -2, 4],
    [1, 1, 12],
  ]);
  expect(first.weights[0]).toBe(0.25);
  expect(first.hierarchy?.cloud[0]).toBe(0);
  // From −2: 5 and −3, so −1; from 1: 11.5 and −0.5, so ½. The cloud: (8·(−3) + 24·1.5)/32 = 0.375; all stand there.
  expect(second.weights[0]).toBe(0.375);
  expect(second.hierarchy?.cloud[0]).toBe(0.375);
  expect(edgesOf(second)).toEqual([]);
  // Client 0 alone goes from 0.375 by 3.8125; edge 1 stays, and weighs nothing.
  expect(edgesOf(third)).toEqual([[0, 4.1875, 1]]);
  expect(third.weights[0]).toBe(4.1875);
  // Edge 1 goes from 0.375 by (11.8125 − 11·0.1875)/12 = 0.8125. The cloud: (1·3.8125 + 12·0.8125)/13.
  expect(fourth.weights[0]).toBe(Math.fround(0.375 + 13.5625 / 13));
  expect(edgesOf(fourth)).toEqual([]);
  // The last round is a cloud round whatever the period.
  expect(last.hierarchy?.cloud).toEqual(last.weights);
  expect(edgesOf(last)).toEqual([]);
});

test('in between, the weights are what the cloud would have if the edges were averaged now', async () => {
  const [, , between] = await rounds([everyone, everyone, everyone, everyone]);
  const [, , cloud] = await rounds([everyone, everyone, everyone]);
  expect(between.weights).toEqual(cloud.weights);
  expect(between.hierarchy?.cloud).not.toEqual(cloud.hierarchy?.cloud);
});

test('the server’s learning rate and momentum act at the cloud alone', async () => {
  const results = await rounds([everyone, everyone, everyone, everyone], {
    serverValues: () => ({ learningRate: 0.5, momentum: 0.5 }),
  });
  const velocities = results.map(({ serverState }) => serverState?.velocity[0]);
  // As above, the edges' mean is 0.375 after two rounds; the cloud goes half of it.
  expect(velocities.slice(0, 3)).toEqual([undefined, 0.375, 0.375]);
  expect(results[1].weights[0]).toBe(0.1875);
  expect(edgesOf(results[0])[0]).toEqual([0, -2, 4]);
  // From w = 0.1875 two steps of (mean target − w)/2 each: edge 0 has mean target −4, edge 1 has 2.
  const moved = (target: number) => 0.75 * (target - 0.1875);
  const mean = (8 * moved(-4) + 24 * moved(2)) / 32;
  expect(velocities[3]).toBeCloseTo(mean + 0.5 * 0.375, 12);
  expect(results[3].weights[0]).toBeCloseTo(0.1875 + 0.5 * (mean + 0.1875), 6);
});

test('a round with too few replies moves no edge; the cloud takes what edges have done before', async () => {
  const [first, second] = await rounds([everyone, [0]], { minimumReplies: 2 });
  expect(second.committed).toBe(false);
  expect(second.weights).toEqual(first.weights);
  expect(second.hierarchy?.cloud[0]).toBe(0.25);
});

test('without any update everything stays as it is', async () => {
  const [first, second] = await rounds([[0], [0]], { minimumReplies: 2 });
  expect([first.weights[0], second.weights[0]]).toEqual([0, 0]);
  expect(edgesOf(second)).toEqual([]);
});
