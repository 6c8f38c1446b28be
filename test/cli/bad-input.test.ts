import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { expectRefusal, runIn, workspace } from '../support/cli.js';

test('a scenario that is not there is refused with its path and the way out', async () => {
  const place = workspace();
  const file = join(place.folder, 'missing.yaml');
  const message = expectRefusal(await runIn(place, file), place, 'SCENARIO_MISSING');
  expect(message).toContain(`${file}: the scenario cannot be read`);
  expect(message).toContain('to mend:  check the path');
});

test('a folder is no scenario', async () => {
  const place = workspace();
  expectRefusal(await runIn(place, place.folder), place, 'SCENARIO_MISSING');
});

interface Refusal {
  readonly code: string;
  /** Text of the message, the file written as FILE. */
  readonly said: readonly string[];
}

const invalid = (...said: string[]): Refusal => ({ code: 'SCENARIO_INVALID', said });
const contradiction = (...said: string[]): Refusal => ({ code: 'SCENARIO_CONTRADICTION', said });

test.each<[string, string, string, Refusal]>([
  ['text that is not YAML', '[3]', '[3', { code: 'SCENARIO_SYNTAX', said: ['FILE:', 'to mend:  correct the line'] }],
  [
    'an unknown key',
    'rounds: 3',
    'rouds: 3',
    invalid('FILE:9: federation.rouds: unknown key', 'found:    rouds', 'to mend:  did you mean rounds?'),
  ],
  [
    'a wrong type',
    'rounds: 3',
    'rounds: three',
    invalid('FILE:9: federation.rounds: wrong type', 'found:    "three"', 'expected: a number'),
  ],
  [
    'a batch of 0',
    'batchSize: 10',
    'batchSize: 0',
    invalid('FILE:13: schedules.batchSize: too small', 'found:    0', 'expected: at least 1'),
  ],
  [
    'a negative batch',
    'batchSize: 10',
    'batchSize: -4',
    invalid('FILE:13: schedules.batchSize: too small', 'found:    -4', 'expected: at least 1'),
  ],
  [
    'a negative learning rate',
    'learningRate: 0.5',
    'learningRate: -0.5',
    invalid('FILE:12: schedules.learningRate: too small', 'found:    -0.5', 'expected: at least 0'),
  ],
  [
    'more shards than examples',
    'kind: iid, clients: 4',
    'kind: shards, clients: 2, shardsPerClient: 3',
    {
      code: 'PARTITION_INVALID',
      said: ['FILE:6: data.partition', '2 clients × 3 shards each = 6 shards, 4 examples'],
    },
  ],
  [
    'more clients than examples',
    'clients: 4',
    'clients: 5',
    { code: 'PARTITION_INVALID', said: ['FILE:6: data.partition.clients', '5 clients, 4 examples'] },
  ],
  [
    'a cohort larger than the population',
    'size: 2',
    'size: 5',
    contradiction('FILE:10: federation.cohort.size', 'a cohort of 5 out of 4 clients', 'to mend:  lower'),
  ],
  [
    'both localEpochs and localSteps',
    'rounds: 3',
    'rounds: 3\n  localEpochs: 2\n  localSteps: 7',
    contradiction('FILE:11: federation.localSteps', 'localEpochs: 2 and localSteps: 7', 'to mend:  remove'),
  ],
  [
    'a folder for a dataset that is built in',
    'dataset: xor',
    'dataset: xor\n  folder: here',
    contradiction('FILE:6: data.folder', 'here', 'to mend:  '),
  ],
])('%s is refused with its place', async (_, from, to, { code, said }) => {
  const place = workspace();
  const file = place.scenario(from, to);
  const message = expectRefusal(await runIn(place, file), place, code);
  for (const text of said) expect(message).toContain(text.replace('FILE', file));
});

test('a wrong override is located where it was given', async () => {
  const place = workspace();
  const ended = await runIn(place, place.scenario(), ['--set', 'federation.rounds=0']);
  expect(expectRefusal(ended, place, 'SCENARIO_INVALID')).toContain('--set federation.rounds: too small');
});

test('an override that cannot be read is shown as it was given', async () => {
  const place = workspace();
  const ended = await runIn(place, place.scenario(), ['--set', 'federation.rounds']);
  expect(expectRefusal(ended, place, 'OVERRIDE_INVALID')).toContain('found:    federation.rounds');
});

/** An IDX file: dimensions and the values there are, be they as many as declared or not. */
const idx = (dimensions: number[], values: number) =>
  Uint8Array.from([
    ...[0, 0, 8, dimensions.length],
    ...dimensions.flatMap((length) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]),
    ...Array.from({ length: values }, (_, index) => index % 2),
  ]);

/** Ten training and four test images of 2 × 2, cut to what `changes` says. */
function writeImages(folder: string, changes: Record<string, Uint8Array>) {
  const files = {
    'train-images-idx3-ubyte': idx([10, 2, 2], 40),
    'train-labels-idx1-ubyte': idx([10], 10),
    't10k-images-idx3-ubyte': idx([4, 2, 2], 16),
    't10k-labels-idx1-ubyte': idx([4], 4),
    ...changes,
  };
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

test('the small IDX set that the next tests spoil is sound', async () => {
  const place = workspace();
  writeImages(join(place.folder, 'set'), {});
  const ended = await runIn(place, place.scenario('dataset: xor', 'dataset: idx\n  folder: set'), ['--quiet']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  // Four inputs, three hidden units, two classes: 4 · 3 + 3 + 3 · 2 + 2.
  expect(JSON.parse(ended.stdout)).toMatchObject({ rounds: 3, clients: 4, parameters: 23 });
});

test.each<[string, string, Uint8Array, string, string]>([
  ['truncated', 'train-images-idx3-ubyte', idx([10, 2, 2], 33), 'the file is truncated', '33 bytes of values'],
  ['cut within its header', 't10k-labels-idx1-ubyte', idx([4], 4).subarray(0, 6), 'header', '6 bytes'],
  ['whose header lies upwards', 't10k-images-idx3-ubyte', idx([0xffffffff, 2, 2], 16), 'truncated', '16 bytes'],
  ['whose header lies downwards', 'train-labels-idx1-ubyte', idx([9], 10), 'goes on after its values', '10 bytes'],
  ['with fewer labels than images', 'train-labels-idx1-ubyte', idx([8], 8), 'differ in number', '10 images, 8 labels'],
])('a dataset %s is refused with its file', async (_, name, bytes, summary, found) => {
  const place = workspace();
  writeImages(join(place.folder, 'set'), { [name]: bytes });
  const ended = await runIn(place, place.scenario('dataset: xor', 'dataset: idx\n  folder: set'));
  const message = expectRefusal(ended, place, 'DATASET_INVALID');
  expect(message.split('\n')[0]).toContain(join(place.folder, 'set', name));
  expect(message.split('\n')[0]).toContain(summary);
  expect(message).toContain(found);
});

test('a dataset that is missing is refused with how to get it', async () => {
  const place = workspace();
  const ended = await runIn(place, place.scenario('dataset: xor', 'dataset: fashion-mnist'));
  const message = expectRefusal(ended, place, 'DATASET_MISSING');
  expect(message).toContain(join(place.folder, 'fashion-mnist'));
  expect(message).toContain('train-images-idx3-ubyte.gz');
  expect(message).toMatch(/to mend: {2}download .*zalandoresearch\/fashion-mnist.*data\.folder/);
});

test('an output folder that cannot be written is refused, and what is in its place stays', async () => {
  const place = workspace();
  const file = join(place.folder, 'a-file');
  writeFileSync(file, 'kept');
  const out = join(file, 'out');
  const ended = await runIn({ ...place, out }, place.scenario());
  const message = expectRefusal(ended, { out }, 'OUTPUT_UNWRITABLE');
  expect(message).toContain(file);
  expect(message).toMatch(/to mend: {2}choose another folder with --out/);
});

test('a port that is taken is refused with its number, before any client process starts', async () => {
  const place = workspace();
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const options = ['--pool', 'process', '--workers', '2', '--set', `pool.port=${port}`];
  const message = expectRefusal(await runIn(place, place.scenario(), options), place, 'PORT_UNAVAILABLE');
  expect(message).toContain(`port ${port} is taken`);
  expect(message).toContain('--set pool.port');
});
