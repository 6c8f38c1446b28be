/** Decides whether an update may be counted. One that may not becomes a failure which names the client; nothing is clipped. */
import type { Failure, FailureCode, Update } from '../training/reply.js';
import { MAX_DELTA } from './exact-mean.js';

/**
 * @param examples the shard's size, as the server knows it
 * @param stateful whether the algorithm keeps client state
 * @returns the failure, or undefined if the update is sound
 */
export function checkUpdate(
  update: Update,
  parameters: number,
  examples: number,
  stateful = false,
): Failure | undefined {
  const { delta, stateChange, round, client } = update;
  const fail = (code: FailureCode, reason: string): Failure => ({ kind: 'failure', round, client, code, reason });

  if (delta.length !== parameters) {
    return fail('wrong-length', `client ${client} sent ${delta.length} parameters, the model has ${parameters}`);
  }
  if (update.examples !== examples) {
    return fail('wrong-examples', `client ${client} claims ${update.examples} examples, its shard has ${examples}`);
  }
  const [changes, expected] = [stateChange?.length ?? 0, stateful ? parameters : 0];
  if (changes !== expected) {
    return fail('wrong-length', `client ${client} sent a change of state of ${changes} values, expected ${expected}`);
  }
  return checkRange(delta, 'parameter', client, fail) ?? checkRange(stateChange, 'state value', client, fail);
}

function checkRange(
  values: Float32Array | undefined,
  name: string,
  client: number,
  fail: (code: FailureCode, reason: string) => Failure,
): Failure | undefined {
  if (values === undefined || allWithin(values)) return undefined;
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const size = Math.abs(values[index]);
    if (!(size <= MAX_DELTA)) {
      if (!Number.isFinite(size)) return fail('non-finite', `client ${client}: ${name} ${index} is ${values[index]}`);
      if (size > largest) largest = size;
    }
  }
  if (largest === 0) return undefined;
  return fail('out-of-range', `client ${client}: a ${name} moved by ${largest}, at most ${MAX_DELTA}`);
}

/** Bits of a float32 without its sign, as integers: they are in the order of the magnitudes, infinity and NaN the largest. */
const MAGNITUDE = 0x7fff_ffff;
const LIMIT = new Int32Array(Float32Array.of(MAX_DELTA).buffer)[0];

/** Whether |v| ≤ MAX_DELTA for every value: without a branch, since all but every update passes. */
function allWithin(values: Float32Array): boolean {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  let beyond = 0;
  for (let index = 0; index < words.length; index++) beyond |= LIMIT - (words[index] & MAGNITUDE);
  return beyond >= 0;
}
