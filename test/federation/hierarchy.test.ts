import fc from 'fast-check';
import { cloudMean, edgeOf, type Hierarchy, isCloudRound, withEdgeStep } from 'fedtempo/shared/federation/hierarchy.js';
import { expect, test } from 'vitest';

const P = 3;
const cloud = Float32Array.of(0.5, -1, 0);
const edges = fc.uniqueArray(
  fc.record({
    edge: fc.nat({ max: 20 }),
    examples: fc.integer({ min: 1, max: 100_000 }),
    weights: fc.array(fc.float({ min: -300, max: 300, noNaN: true }), { minLength: P, maxLength: P }),
  }),
  { minLength: 1, maxLength: 8, selector: ({ edge }) => edge },
);

function hierarchyOf(list: readonly { edge: number; examples: number; weights: number[] }[]): Hierarchy {
  const moved = list.map(({ edge, examples, weights }) => {
    return [edge, { examples, weights: Float32Array.from(weights) }] as const;
  });
  return { cloud, moved: new Map(moved) };
}

test('the mean of the edges is that of their differences, to the last bits that its grid leaves', () => {
  fc.assert(
    fc.property(edges, (list) => {
      const mean = cloudMean(hierarchyOf(list)) as Float64Array;
      const total = list.reduce((sum, { examples }) => sum + examples, 0);
      let largest = 0;
      for (const { weights } of list) {
        weights.forEach((weight, index) => {
          largest = Math.max(largest, Math.abs(weight - cloud[index]));
        });
      }
      mean.forEach((value, index) => {
        const sum = list.reduce(
          (all, { weights, examples }) => all + Math.fround(weights[index] - cloud[index]) * examples,
          0,
        );
        // Two grid steps at most: the grid is the finest with largest · 2^s · total ≤ 2^53, up to powers of two.
        expect(Math.abs(value - sum / total)).toBeLessThanOrEqual(2 * largest * total * 2 ** -53 + 2 ** -60);
      });
    }),
  );
});

test('the order in which edges have moved changes no bit', () => {
  const step = (mean: number[], examples: number) => ({ mean: Float64Array.from(mean), examples });
  const steps = [
    [7, step([0.1, 0.2, 0.3], 7)],
    [2, step([-0.3, 0.01, 1], 90)],
    [5, step([0.7, 0.1, -0.001], 12)],
  ] as const;
  const after = (order: readonly number[]) =>
    order.reduce(
      (all: Hierarchy, at) => {
        const [edge, each] = steps[at];
        return withEdgeStep(all, edge, each);
      },
      { cloud, moved: new Map() },
    );
  const words = (order: readonly number[]) => [...new BigUint64Array((cloudMean(after(order)) as Float64Array).buffer)];
  for (const order of [
    [0, 2, 1],
    [1, 0, 2],
    [2, 1, 0],
  ]) {
    expect(words(order)).toEqual(words([0, 1, 2]));
    expect([...after(order).moved.keys()]).toEqual([2, 5, 7]);
  }
});

test('an edge keeps on from where it is, and its examples add up; the others stay', () => {
  const start: Hierarchy = { cloud, moved: new Map() };
  const once = withEdgeStep(start, 4, { mean: Float64Array.of(1, 0, -1), examples: 3 });
  const twice = withEdgeStep(once, 4, { mean: Float64Array.of(0.25, 0, 0), examples: 5 });
  expect([...twice.moved]).toEqual([[4, { weights: Float32Array.of(1.75, -1, -1), examples: 8 }]]);
  expect([...once.moved]).toEqual([[4, { weights: Float32Array.of(1.5, -1, -1), examples: 3 }]]);
  expect(start.moved.size).toBe(0);
  expect(cloudMean(start)).toBeUndefined();
});

test('differences beyond what one update may have are averaged as exactly', () => {
  const far = hierarchyOf([
    { edge: 0, examples: 1, weights: [200.5, -1, 0] },
    { edge: 1, examples: 3, weights: [-199.5, -1, 0] },
  ]);
  expect([...(cloudMean(far) as Float64Array)]).toEqual([-100, 0, 0]);
});

test('clients belong to edges in turn, and the cloud comes every few rounds and at the end', () => {
  const spec = { edges: 3, period: 4 };
  expect([0, 1, 2, 3, 4, 11].map((client) => edgeOf(client, spec))).toEqual([0, 1, 2, 0, 1, 2]);
  const cloudRounds = Array.from({ length: 10 }, (_, round) => round).filter((round) => isCloudRound(round, spec, 10));
  expect(cloudRounds).toEqual([3, 7, 9]);
});
