/**
 * Exclusive or: the four points that no perceptron without a hidden layer separates (Minsky & Papert 1969).
 *
 * Training and test are the same four, since there are no others.
 */
import type { ByteSplit } from '../../shared/data/source.js';
import { sharedCopy } from './shared-copy.js';

/** (0,0), (0,1), (1,0), (1,1) with labels 0, 1, 1, 0; features are the bytes themselves, scale 1. */
export const xorPoints: ByteSplit = {
  pixels: sharedCopy(Uint8Array.of(0, 0, 0, 1, 1, 0, 1, 1)),
  labels: sharedCopy(Uint8Array.of(0, 1, 1, 0)),
};
