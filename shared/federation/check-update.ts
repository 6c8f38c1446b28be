/** Decides whether an update may be counted. One that may not becomes a failure which names the client; nothing is clipped. */
import type { Failure, FailureCode, Update } from '../training/reply.js';
import { MAX_DELTA } from './exact-mean.js';

/** @returns the failure, or undefined if the update is sound. @param examples the shard's size, as the server knows it */
export function checkUpdate(update: Update, parameters: number, examples: number): Failure | undefined {
  const { delta, round, client } = update;
  const fail = (code: FailureCode, reason: string): Failure => ({ kind: 'failure', round, client, code, reason });

  if (delta.length !== parameters) {
    return fail('wrong-length', `client ${client} sent ${delta.length} parameters, the model has ${parameters}`);
  }
  if (update.examples !== examples) {
    return fail('wrong-examples', `client ${client} claims ${update.examples} examples, its shard has ${examples}`);
  }
  let largest = 0;
  for (let index = 0; index < delta.length; index++) {
    const size = Math.abs(delta[index]);
    if (!(size <= MAX_DELTA)) {
      if (!Number.isFinite(size)) return fail('non-finite', `client ${client}: parameter ${index} is ${delta[index]}`);
      if (size > largest) largest = size;
    }
  }
  if (largest > 0)
    return fail('out-of-range', `client ${client}: a parameter moved by ${largest}, at most ${MAX_DELTA}`);
  return undefined;
}
