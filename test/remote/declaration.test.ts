/** What a client says it has, against what the run expects: a client cannot make itself heavier than it may be. */
import { type Declared, judgeDeclaration } from 'fedtempo/server/remote/declaration.js';
import { expect, test } from 'vitest';

const expected = (dataset: string) => ({
  datasetDigest: 'd'.repeat(64),
  features: 3,
  classes: 4,
  clients: 5,
  examples: 100,
  shardSize: (client: number) => 10 + client,
  scenario: { data: { dataset } },
});
const own: Declared = { type: 'ready', clients: 1, examples: 60, features: 3, classes: 2 };
const shard: Declared = {
  type: 'ready',
  datasetDigest: 'd'.repeat(64),
  clients: 5,
  examples: 1,
  features: 3,
  classes: 4,
};

test('own data weigh what the client says, once and for the whole run', () => {
  expect(judgeDeclaration(own, expected('own'), 2, undefined)).toEqual({ examples: 60, simulated: false });
  const seat = { client: 2, key: 'k', examples: 60, simulated: false };
  expect(judgeDeclaration(own, expected('own'), 2, seat)).toEqual({ examples: 60, simulated: false });
  expect(judgeDeclaration({ ...own, examples: 61 }, expected('own'), 2, seat)).toMatchObject({
    refuse: 'DATASET_MISMATCH',
    reason: 'client 2 joined this run with 60 examples and now has 61; a client keeps its data for a run',
  });
});

test('of a simulated shard the coordinator counts the examples itself', () => {
  const judged = judgeDeclaration({ ...shard, examples: 1_000_000 }, expected('mnist'), 2, undefined);
  expect(judged).toEqual({ examples: 12, simulated: true });
});

test.each<[string, Declared, string, RegExp]>([
  ['more examples than all have together', { ...own, examples: 101 }, 'own', /101 examples, .* at most 100/],
  ['no examples', { ...own, examples: 0 }, 'own', /no examples/],
  ['other features', { ...own, features: 2 }, 'own', /2 features, the scenario 3/],
  ['a label beyond the classes', { ...own, classes: 5 }, 'own', /labels up to 4, the scenario 4 classes \(0 to 3\)/],
  ['another dataset', { ...shard, datasetDigest: 'e'.repeat(64) }, 'mnist', /other data: SHA-256 eeeeeeeeeeee,/],
  ['another division', { ...shard, clients: 6 }, 'mnist', /among 6 clients, the scenario has 5/],
  ['a shard where there is no dataset', shard, 'own', /join with --data/],
])('%s is refused', (_, declared, dataset, reason) => {
  expect(judgeDeclaration(declared, expected(dataset), 0, undefined)).toEqual({
    refuse: 'DATASET_MISMATCH',
    reason: expect.stringMatching(reason),
  });
});
