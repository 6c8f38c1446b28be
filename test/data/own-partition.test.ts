import { MAX_OWN_EXAMPLES, type OwnPartition, ownPartition, wholeAsShard } from 'fedtempo/shared/data/partition/own.js';
import { createPartition } from 'fedtempo/shared/data/partition/partition.js';
import { gridExponent } from 'fedtempo/shared/federation/exact-mean.js';
import { expect, test } from 'vitest';

test('a client has no examples until it says how many, and then what it said last', () => {
  const partition = ownPartition({ kind: 'own', clients: 3 }, 500);
  expect({ ...partition, declare: 0, sizeOf: 0, shardOf: 0 }).toMatchObject({ clients: 3, examples: 500 });
  expect([0, 1, 2].map(partition.sizeOf)).toEqual([0, 0, 0]);
  partition.declare(1, 40);
  partition.declare(2, 7);
  partition.declare(1, 41);
  expect([0, 1, 2].map(partition.sizeOf)).toEqual([0, 41, 7]);
});

test('nobody is outside the population, and no number of examples is less than 1', () => {
  const partition = ownPartition({ kind: 'own', clients: 3 }, 500);
  for (const client of [-1, 3, 0.5, Number.NaN]) {
    expect(() => partition.sizeOf(client)).toThrow(RangeError);
    expect(() => partition.declare(client, 5)).toThrow(RangeError);
  }
  for (const examples of [0, -1, 1.5, Number.NaN, MAX_OWN_EXAMPLES + 1]) {
    expect(() => partition.declare(0, examples)).toThrow(RangeError);
  }
  expect(partition.sizeOf(0)).toBe(0);
});

test('the largest population of the largest clients fits an exact mean', () => {
  const partition = ownPartition({ kind: 'own', clients: 1_000_000 }, 1);
  partition.declare(999_999, MAX_OWN_EXAMPLES);
  expect(gridExponent(partition.clients * partition.sizeOf(999_999))).toBe(0);
  expect(() => gridExponent(2 * partition.clients * partition.sizeOf(999_999))).toThrow(RangeError);
});

test('rows of a client that holds its own data cannot be asked for here', () => {
  const partition = ownPartition({ kind: 'own', clients: 3 }, 500);
  partition.declare(0, 5);
  expect(() => partition.shardOf(0)).toThrow('the examples of client 0 are with the client');
});

test('as a kind of partition it is told sizes too', () => {
  const partition = createPartition({ kind: 'own', clients: 2 }, new Int32Array(0), 1) as OwnPartition;
  partition.declare(1, 9);
  expect([partition.sizeOf(0), partition.sizeOf(1)]).toEqual([0, 9]);
  expect(() => createPartition({ kind: 'own', clients: 0 }, new Int32Array(0), 1)).toThrow(/clients is no count/);
});

test('a client with data of its own has all rows as its one shard, and is nobody else', () => {
  const partition = wholeAsShard(17, 4);
  expect(partition.sizeOf(17)).toBe(4);
  expect([...partition.shardOf(17)]).toEqual([0, 1, 2, 3]);
  expect(partition.examples).toBe(4);
  for (const other of [0, 16, 18]) {
    expect(() => partition.sizeOf(other)).toThrow(RangeError);
    expect(() => partition.shardOf(other)).toThrow(RangeError);
  }
});
