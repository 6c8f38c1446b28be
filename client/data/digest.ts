/** What data are, as one hash: the same for the same values in the same form, wherever they came from. */
import { createHash } from 'node:crypto';
import type { Split } from '../../shared/data/source.js';

/** SHA-256, in hexadecimal, over features and labels of each split in turn. */
export function digestOfSplits(...splits: readonly Split[]): string {
  const hash = createHash('sha256');
  for (const split of splits) hash.update('features' in split ? split.features : split.pixels).update(split.labels);
  return hash.digest('hex');
}

/** The largest label; 0 where there are none. */
export function largestLabel({ labels }: Split): number {
  let most = 0;
  for (const label of labels) if (label > most) most = label;
  return most;
}
