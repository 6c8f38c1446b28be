import { createHash } from 'node:crypto';
import { openDataset } from 'fedtempo/client/data/open-dataset.js';
import { denseFeatures } from 'fedtempo/shared/data/dense.js';
import { createPartition } from 'fedtempo/shared/data/partition/partition.js';
import { beforeAll, describe, expect, test } from 'vitest';

type Opened = Awaited<ReturnType<typeof openDataset>>;

describe('mnist', () => {
  let mnist: Opened;
  beforeAll(async () => {
    mnist = await openDataset({ dataset: 'mnist' }, '/');
  });

  test('has 60,000 training and 10,000 test examples of 784 pixels in 10 classes', () => {
    expect(mnist.name).toBe('mnist');
    expect(mnist.featureCount).toBe(784);
    expect(mnist.classCount).toBe(10);
    expect(mnist.train.examples).toBe(60_000);
    expect(mnist.test.examples).toBe(10_000);
  });

  test('begins with the digits 5, 0, 4, 1, 9, and its test part with 7, 2, 1, 0, 4', () => {
    expect([...mnist.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...mnist.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });

  test('has the published count of every training digit', () => {
    const counts = new Array<number>(10).fill(0);
    for (const label of mnist.train.labels) counts[label]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  });

  test('selects the rows asked for, in their order, scaled to 0..1', () => {
    const rows = mnist.train.select(Uint32Array.of(3, 0, 3));
    expect(rows.examples).toBe(3);
    const features = denseFeatures(rows);
    expect(features.length).toBe(3 * 784);
    expect([...rows.labels]).toEqual([1, 5, 1]);
    // The first image's first stroke, row 5 from column 12: bytes 3, 18, 18, 18, 126.
    const stroke = features.subarray(784 + 5 * 28 + 12, 784 + 5 * 28 + 17);
    expect([...stroke]).toEqual([3, 18, 18, 18, 126].map((byte) => Math.fround(byte / 255)));
    expect(features.subarray(0, 784)).toEqual(features.subarray(2 * 784));
  });

  test('a shard holds row numbers and labels, and shares the bytes with every other', () => {
    const [one, other] = [mnist.train.select(Uint32Array.of(1, 2)), mnist.train.select(Uint32Array.of(59_999))];
    expect(one.indexed?.bytes).toBe(other.indexed?.bytes);
    expect(one.features.length).toBe(0);
    expect([one.indexed?.rows.length, one.labels.length]).toEqual([2, 2]);
  });

  test('McMahan’s partition is 100 disjoint shards of 600 with at most 4 labels each', () => {
    const spec = { kind: 'shards', clients: 100, shardsPerClient: 2 } as const;
    const partition = createPartition(spec, mnist.train.labels, 1);
    const given = new Set<number>();
    for (let client = 0; client < 100; client++) {
      const shard = partition.shardOf(client);
      expect(shard.length).toBe(600);
      expect(new Set(Array.from(shard, (index) => mnist.train.labels[index])).size).toBeLessThanOrEqual(4);
      for (const index of shard) given.add(index);
    }
    expect(given.size).toBe(60_000);
  });

  test('a limit keeps the first training examples, all test examples and the number of classes', async () => {
    const three = await openDataset({ dataset: 'mnist', trainLimit: 3 }, '/');
    expect([...three.train.labels]).toEqual([5, 0, 4]);
    expect(three.test.examples).toBe(10_000);
    expect(three.classCount).toBe(10);
    const firstThree = mnist.train.select(Uint32Array.of(0, 1, 2));
    expect(denseFeatures(three.train.select())).toEqual(denseFeatures(firstThree));
    expect(three.digest).not.toBe(mnist.digest);
  });

  test('a limit above the number of training examples is refused', async () => {
    await expect(openDataset({ dataset: 'mnist', trainLimit: 60_001 }, '/')).rejects.toMatchObject({
      code: 'SCENARIO_INVALID',
      details: { where: 'data.trainLimit', found: '60001', expected: 'at most 60000' },
    });
  });
});

describe('digits', () => {
  test('has 1,500 training and 297 test examples of 64 pixels in 10 classes', async () => {
    const digits = await openDataset({ dataset: 'digits' }, '/nowhere');
    expect(digits.featureCount).toBe(64);
    expect(digits.classCount).toBe(10);
    expect(digits.train.examples).toBe(1500);
    expect(digits.test.examples).toBe(297);
    expect([...digits.train.labels.subarray(0, 10)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...digits.test.labels.subarray(292)]).toEqual([9, 0, 8, 9, 8]);
    const first = denseFeatures(digits.train.select(Uint32Array.of(0)));
    expect([...first.subarray(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0].map((ink) => ink / 16));
  });

  test('every feature lies in 0..1 and both ends occur', async () => {
    const digits = await openDataset({ dataset: 'digits' }, '/nowhere');
    const features = denseFeatures(digits.train.select());
    expect(features.reduce((a, b) => Math.min(a, b))).toBe(0);
    expect(features.reduce((a, b) => Math.max(a, b))).toBe(1);
  });
});

describe('xor', () => {
  test('is four points, the same for training and test', async () => {
    const xor = await openDataset({ dataset: 'xor' }, '/nowhere');
    expect(xor.featureCount).toBe(2);
    expect(xor.classCount).toBe(2);
    for (const split of [xor.train, xor.test]) {
      const { labels } = split.select();
      expect([...denseFeatures(split.select())]).toEqual([0, 0, 0, 1, 1, 0, 1, 1]);
      expect([...labels]).toEqual([0, 1, 1, 0]);
    }
  });

  test('its digest is the SHA-256 of the bytes used, training before test, pixels before labels', async () => {
    const part = [0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0];
    const expected = createHash('sha256').update(Uint8Array.from([...part, ...part]));
    expect((await openDataset({ dataset: 'xor' }, '/')).digest).toBe(expected.digest('hex'));
  });

  test('a row that does not exist is refused by number', async () => {
    const { train } = await openDataset({ dataset: 'xor' }, '/');
    expect(() => train.select(Uint32Array.of(0, 4))).toThrow(
      expect.objectContaining({
        code: 'PARTITION_INVALID',
        details: expect.objectContaining({ found: 'example 4', expected: '0 to 3' }),
      }),
    );
  });

  test('selecting no rows gives no rows', async () => {
    const { train } = await openDataset({ dataset: 'xor' }, '/');
    expect(train.select(new Uint32Array(0))).toMatchObject({ examples: 0, featureCount: 2, classCount: 2 });
  });
});
