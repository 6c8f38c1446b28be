/** Updates for tests of what reduces them. */
import type { Update } from 'fedtempo/shared/training/reply.js';

/** An update of a client; what the mean does not look at is left at some value. */
export function updateOf(client: number, examples: number, delta: ArrayLike<number>): Update {
  return {
    kind: 'update',
    round: 4,
    client,
    delta: Float32Array.from(delta),
    examples,
    metrics: { loss: 0.7, accuracy: 0.6, examplesUsed: 2 * examples },
    used: { learningRateFirst: 0.3, learningRateLast: 0.2, batchSize: 5, steps: 9, truncatedBatches: 2 },
    trainMs: 2.5,
  };
}
