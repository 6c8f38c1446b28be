import fc from 'fast-check';
import { checkUpdate } from 'fedtempo/shared/federation/check-update.js';
import type { FailureCode, Update } from 'fedtempo/shared/training/reply.js';
import { expect, test } from 'vitest';
import { updateOf as makeUpdate } from './update.js';

const PARAMETERS = 4;
const EXAMPLES = 75;

const updateOf = (delta: number[], examples = EXAMPLES) => makeUpdate(17, examples, delta);

test('a sound update passes, even at the largest change admitted', () => {
  expect(checkUpdate(updateOf([0.5, -0.25, 1e-30, 0]), PARAMETERS, EXAMPLES)).toBeUndefined();
  expect(checkUpdate(updateOf([64, -64, 0, 2 ** -149]), PARAMETERS, EXAMPLES)).toBeUndefined();
});

const { NaN: NAN, POSITIVE_INFINITY: INFINITY } = Number;

test.each<[string, Update, FailureCode, string]>([
  ['too few parameters', updateOf([0.5, 0.5, 0.5]), 'wrong-length', '3 parameters, the model has 4'],
  ['too many parameters', updateOf([0, 0, 0, 0, 0]), 'wrong-length', '5 parameters, the model has 4'],
  ['no parameters', updateOf([]), 'wrong-length', '0 parameters, the model has 4'],
  ['more examples than the shard has', updateOf([0, 0, 0, 0.5], 7500), 'wrong-examples', '7500 examples'],
  ['fewer examples than the shard has', updateOf([0, 0, 0, 0.5], 74), 'wrong-examples', 'its shard has 75'],
  ['no examples', updateOf([0, 0, 0, 0.5], 0), 'wrong-examples', '0 examples'],
  ['a negative number of examples', updateOf([0, 0, 0, 0.5], -75), 'wrong-examples', '-75 examples'],
  ['a number of examples that is none', updateOf([0, 0, 0, 0.5], NAN), 'wrong-examples', 'NaN examples'],
  ['NaN', updateOf([0.5, 0.5, NAN, 0.5]), 'non-finite', 'parameter 2 is NaN'],
  ['an infinity', updateOf([0.5, 0.5, 0.5, INFINITY]), 'non-finite', 'parameter 3 is Infinity'],
  ['a negative infinity', updateOf([-INFINITY, 0.5, 0.5, 0.5]), 'non-finite', 'parameter 0 is -Infinity'],
  ['NaN after a change out of range', updateOf([0.5, 65, NAN, 0.5]), 'non-finite', 'parameter 2 is NaN'],
  ['a change just above the largest', updateOf([0, 64.00001, 0, 0]), 'out-of-range', 'at most 64'],
  ['a change far below the smallest', updateOf([65, 0, -3e38, 0]), 'out-of-range', 'moved by 3'],
])('%s is a failure that names the client', (_, update, code, reason) => {
  const failure = checkUpdate(update, PARAMETERS, EXAMPLES);
  expect(failure).toMatchObject({ kind: 'failure', round: 4, client: 17, code });
  expect(failure?.reason).toContain('client 17');
  expect(failure?.reason).toContain(reason);
});

const withState = (stateChange: number[] | undefined): Update => ({
  ...updateOf([0, 0, 0, 0.5]),
  ...(stateChange && { stateChange: Float32Array.from(stateChange) }),
});

test('where clients keep state a sound change of it passes, and nowhere else', () => {
  expect(checkUpdate(withState([64, -64, 0, 1e-30]), PARAMETERS, EXAMPLES, true)).toBeUndefined();
  expect(checkUpdate(withState([64, -64, 0, 1e-30]), PARAMETERS, EXAMPLES)).toMatchObject({
    code: 'wrong-length',
    reason: 'client 17 sent a change of state of 4 values, expected 0',
  });
});

test.each<[string, number[] | undefined, FailureCode, string]>([
  ['no change of state', undefined, 'wrong-length', 'change of state of 0 values, expected 4'],
  ['a change of state that is too short', [0, 0, 0], 'wrong-length', 'change of state of 3 values, expected 4'],
  ['a change of state that is too long', [0, 0, 0, 0, 0], 'wrong-length', 'change of state of 5 values, expected 4'],
  ['NaN in the change of state', [0, NAN, 0, 0], 'non-finite', 'state value 1 is NaN'],
  ['an infinity in the change of state', [0, 0, 0, -INFINITY], 'non-finite', 'state value 3 is -Infinity'],
  ['a change of state out of range', [0, 64.5, 0, 0], 'out-of-range', 'a state value moved by 64.5, at most 64'],
])('%s is a failure that names the client', (_, stateChange, code, reason) => {
  const failure = checkUpdate(withState(stateChange), PARAMETERS, EXAMPLES, true);
  expect(failure).toMatchObject({ kind: 'failure', round: 4, client: 17, code });
  expect(failure?.reason).toContain('client 17');
  expect(failure?.reason).toContain(reason);
});

test('an update passes exactly if all its values are finite and within ±64', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.float(), fc.float({ min: -70, max: 70 })), { minLength: 4, maxLength: 4 }),
      (delta) => {
        const sound = delta.every((value) => value >= -64 && value <= 64);
        expect(checkUpdate(updateOf(delta), PARAMETERS, EXAMPLES) === undefined).toBe(sound);
      },
    ),
    { numRuns: 1000 },
  );
});
