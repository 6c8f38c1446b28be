import { type Declared, judgeDeclaration } from 'fedtempo/server/remote/declaration.js';
import type { Seat } from 'fedtempo/server/remote/seats.js';
import { describe, expect, test } from 'vitest';

const digest = 'ab'.repeat(32);
const expected = {
  datasetDigest: digest,
  features: 64,
  classes: 10,
  clients: 12,
  examples: 1500,
  shardSize: (client: number) => 100 + client,
  scenario: { data: { dataset: 'digits' } },
};
const own: Declared = { type: 'ready', clients: 1, examples: 40, features: 64, classes: 10 };
const simulated: Declared = { ...own, datasetDigest: digest, clients: 12, examples: 1500 };
const judge = (declared: Declared, known?: Omit<Seat, 'key'>, facts = expected) =>
  judgeDeclaration(declared, facts, 3, known && { key: 'k', ...known });
const refusal = (reason: string) => ({ refuse: 'DATASET_MISMATCH', reason });

describe('data of a client’s own', () => {
  test('fit with the features of the scenario, no more classes, and at least one example', () => {
    expect(judge(own)).toEqual({ examples: 40, simulated: false });
    expect(judge({ ...own, classes: 2, examples: 1 })).toEqual({ examples: 1, simulated: false });
    expect(judge({ ...own, examples: 1500 })).toEqual({ examples: 1500, simulated: false });
  });

  test.each([
    [{ features: 65 }, 'the data have 65 features, the scenario 64'],
    [{ classes: 11 }, 'the data have labels up to 10, the scenario 10 classes (0 to 9)'],
    [{ examples: 0 }, 'the data have no examples'],
    [{ examples: 1501 }, 'the data have 1501 examples, the scenario expects at most 1500 in all'],
  ])('do not fit with %o', (changed, reason) => {
    expect(judge({ ...own, ...changed })).toEqual(refusal(reason));
  });
});

describe('a shard of the scenario’s data', () => {
  test('has the size that the coordinator knows, whatever the client says', () => {
    expect(judge({ ...simulated, examples: 7, features: 1, classes: 1 })).toEqual({ examples: 103, simulated: true });
  });

  test('is of the same data, divided among as many clients', () => {
    expect(judge({ ...simulated, datasetDigest: 'cd'.repeat(32) })).toEqual(
      refusal('other data: SHA-256 cdcdcdcdcdcd, the coordinator has abababababab'),
    );
    expect(judge({ ...simulated, clients: 13 })).toEqual(
      refusal('the dataset was divided among 13 clients, the scenario has 12'),
    );
  });

  test('is none where the scenario has no data', () => {
    const facts = { ...expected, scenario: { data: { dataset: 'own' } } };
    expect(judge(simulated, undefined, facts)).toEqual(
      refusal('the scenario has no dataset to simulate a shard of: join with --data'),
    );
    expect(judge(own, undefined, facts)).toEqual({ examples: 40, simulated: false });
  });
});

describe('a client that comes back', () => {
  test('has what it had', () => {
    expect(judge(own, { client: 3, examples: 40, simulated: false })).toEqual({ examples: 40, simulated: false });
    expect(judge(own, { client: 3, examples: 39, simulated: false })).toEqual(
      refusal('client 3 joined this run with 39 examples and now has 40; a client keeps its data for a run'),
    );
  });

  test('does not change between data of its own and a shard, though they are as many', () => {
    expect(judge({ ...own, examples: 103 }, { client: 3, examples: 103, simulated: true })).toMatchObject({
      refuse: 'DATASET_MISMATCH',
    });
  });
});
