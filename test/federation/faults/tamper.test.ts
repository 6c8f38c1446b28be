/** What faults make of an update, and what its reception makes of that. */
import { createHash } from 'node:crypto';
import { ExactMean } from 'fedtempo/shared/federation/exact-mean.js';
import { faultRule } from 'fedtempo/shared/federation/faults/rules.js';
import { tamper, tamperingOf } from 'fedtempo/shared/federation/faults/tamper.js';
import { receiveUpdate } from 'fedtempo/shared/federation/receive.js';
import { expect, test } from 'vitest';
import { updateOf } from '../update.js';

const digestOf = (values: Float32Array) => createHash('sha256').update(values).digest('hex');
const delta = [0.5, -0.25, 0, 2];
const update = updateOf(3, 5, delta);

function tampering(rule: object, seed = 1) {
  const found = tamperingOf(faultRule.parse(rule), seed);
  if (found === undefined) throw new Error('nothing is tampered with');
  return found;
}

const arriving = (rule: object, sent = update, seed = 1) => tamper(sent, tampering(rule, seed));

test.each([
  ['signFlip', 3, [-1.5, 0.75, -0, -6]],
  ['signFlip', undefined, [-0.5, 0.25, -0, -2]],
  ['scale', 4, [2, -1, 0, 8]],
  ['scale', undefined, [5, -2.5, 0, 20]],
  ['zero', undefined, [0, 0, 0, 0]],
  ['sameValue', 0.125, [0.125, 0.125, 0.125, 0.125]],
  ['sameValue', undefined, [1, 1, 1, 1]],
])('attack %s with factor %s', (attack, factor, expected) => {
  expect([...arriving({ kind: 'byzantine', attack, factor }).delta]).toEqual(expected);
  expect([...update.delta]).toEqual(delta);
});

test('gaussian noise has the standard deviation asked for, and is the client’s own in each round', () => {
  const rule = { kind: 'byzantine', attack: 'gaussianNoise', factor: 0.5 };
  const wide = updateOf(3, 5, new Float32Array(20_000).fill(2));
  const noise = arriving(rule, wide).delta.map((value) => value - 2);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
  // The mean of n draws varies by σ/√n, their variance by σ²√(2/n).
  expect(Math.abs(mean)).toBeLessThan((5 * 0.5) / Math.sqrt(20_000));
  expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / 20_000));
  const again = (sent = update, seed = 1) => [...arriving(rule, sent, seed).delta];
  expect(again()).toEqual(again());
  const others = [again({ ...update, client: 4 }), again({ ...update, round: 5 }), again(update, 2)];
  for (const other of others) expect(other).not.toEqual(again());
});

test.each([
  ['nan', 'non-finite'],
  ['infinity', 'non-finite'],
  ['huge', 'out-of-range'],
  ['truncate', 'wrong-length'],
  ['wrongExamples', 'wrong-examples'],
])('an update corrupted by %s is refused as %s, and nothing of it is counted', (how, code) => {
  const aggregator = new ExactMean(4, 100);
  const reception = { parameters: 4, examples: 5, aggregator, measure: false, digestOf };
  for (let client = 0; client < 20; client++) {
    const sent = { ...update, client };
    const reply = receiveUpdate(sent, { ...reception, tampering: tampering({ kind: 'corrupt', how }) });
    expect(reply).toMatchObject({ kind: 'failure', client, round: 4, code });
  }
  expect(aggregator.tally()).toEqual({ clients: [], examples: 0 });
  expect([...update.delta]).toEqual(delta);
});

test('which parameter is corrupted depends on the client', () => {
  const places = Array.from({ length: 20 }, (_, client) => {
    return arriving({ kind: 'corrupt', how: 'nan' }, { ...update, client }).delta.findIndex(Number.isNaN);
  });
  expect(new Set(places)).toEqual(new Set([0, 1, 2, 3]));
});

test('of an update that comes twice one copy is counted, and the other is told of', () => {
  const aggregator = new ExactMean(4, 100);
  const reception = { parameters: 4, examples: 5, aggregator, measure: false, digestOf };
  const reply = receiveUpdate(update, { ...reception, tampering: { kind: 'duplicate' } });
  expect(reply).toMatchObject({ kind: 'update', client: 3, duplicates: 1, updateDigest: digestOf(update.delta) });
  expect(aggregator.tally()).toEqual({ clients: [3], examples: 5 });
  expect([...aggregator.finish()]).toEqual(delta);
  // A third copy comes on its own.
  expect(receiveUpdate(update, reception)).toMatchObject({ kind: 'failure', code: 'duplicate' });
  expect(aggregator.tally().examples).toBe(5);
});

test('without an aggregator the one reply of the client holds its update', () => {
  const reception = { parameters: 4, examples: 5, aggregator: undefined, measure: false, digestOf };
  const reply = receiveUpdate(update, { ...reception, tampering: { kind: 'duplicate' } });
  expect(reply).toMatchObject({ kind: 'update', duplicates: 1, delta: update.delta });
});

test.each(['drop', 'crash', 'late'])('%s leaves nothing that could be tampered with', (kind) => {
  expect(tamperingOf(faultRule.parse({ kind }), 1)).toBeUndefined();
});
