/** Pearson's test that counts are those of equally likely outcomes. Seeds are fixed, so a test passes always or never. */

/** Σ (count − mean)² / mean. */
export function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** What chi-square of that many outcomes exceeds with odds below 1 in 10,000: its mean and five standard deviations. */
export function chiSquareBound(outcomes: number): number {
  const freedom = outcomes - 1;
  return freedom + 5 * Math.sqrt(2 * freedom);
}

/** How often each of 0..outcomes − 1 is drawn. */
export function tally(outcomes: number, draws: number, draw: () => number): number[] {
  const counts = new Array<number>(outcomes).fill(0);
  for (let index = 0; index < draws; index++) counts[draw()] += 1;
  return counts;
}
