/**
 * What a fault makes of an update on its way to the server. Byzantine attacks are those of the literature: sign flips and
 * equal values of Li, Xu, Chen, Giannakis and Ling (2019, "RSA"), the scaling of Bagdasaryan et al. (2020, "How to
 * backdoor federated learning"), Gaussian noise after Blanchard et al. (2017, "Machine learning with adversaries").
 */
import { type RandomStream, stream } from '../../math/rng.js';
import type { Update } from '../../training/reply.js';
import { type Attack, type Corruption, defaultFactors, type FaultRule } from './rules.js';

/** What is done to one client's update: plain data, which goes to threads as it is. */
export type Tampering =
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'byzantine'; readonly attack: Attack; readonly factor: number; readonly seed: number }
  | { readonly kind: 'corrupt'; readonly how: Corruption; readonly seed: number };

/** Beyond any change that is admitted, and still a float32. */
const HUGE = 1e30;

/** Undefined for faults that leave the update as it is. @param seed of the run */
export function tamperingOf(rule: FaultRule, seed: number): Tampering | undefined {
  switch (rule.kind) {
    case 'duplicate':
      return { kind: 'duplicate' };
    case 'byzantine':
      return { kind: 'byzantine', attack: rule.attack, factor: rule.factor ?? defaultFactors[rule.attack], seed };
    case 'corrupt':
      return { kind: 'corrupt', how: rule.how, seed };
    default:
      return undefined;
  }
}

/** The update as it arrives; the given one is left as it was. Random numbers: `stream(seed, 'tamper', round, client)`. */
export function tamper(update: Update, tampering: Tampering): Update {
  if (tampering.kind === 'duplicate') return update;
  const random = stream(tampering.seed, 'tamper', update.round, update.client);
  if (tampering.kind === 'corrupt') return corrupted(update, tampering.how, random);
  const { attack, factor } = tampering;
  return { ...update, delta: attacked(update.delta, attack, factor, random) };
}

/** @param delta Δ [p] @param factor f */
function attacked(delta: Float32Array, attack: Attack, factor: number, random: RandomStream): Float32Array {
  switch (attack) {
    case 'signFlip':
      return delta.map((value) => -factor * value);
    case 'scale':
      return delta.map((value) => factor * value);
    case 'gaussianNoise':
      return delta.map((value) => value + factor * random.normal());
    case 'zero':
      return new Float32Array(delta.length);
    case 'sameValue':
      return new Float32Array(delta.length).fill(factor);
  }
}

function corrupted(update: Update, how: Corruption, random: RandomStream): Update {
  if (how === 'wrongExamples') return { ...update, examples: update.examples + 1 };
  const at = random.below(update.delta.length);
  if (how === 'truncate') return { ...update, delta: update.delta.slice(0, at) };
  const delta = update.delta.slice();
  delta[at] = { nan: Number.NaN, infinity: Number.POSITIVE_INFINITY, huge: HUGE }[how];
  return { ...update, delta };
}
