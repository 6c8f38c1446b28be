/**
 * Means over seeds and what is known of them.
 *
 * Letters: n values x_1..x_n, one a seed; x̄ their mean; s their standard deviation with n − 1 in the denominator.
 */
import jstat from 'jstat';
import { mean, sampleStandardDeviation } from 'simple-statistics';

/** Share of repetitions of the study in which an interval would hold the true mean. */
export const CONFIDENCE = 0.95;

/** A mean with its interval; the interval is null for a single value, of which no spread is known. */
export interface Interval {
  readonly n: number;
  readonly mean: number;
  readonly sd: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Student's interval of a mean: x̄ ± t · s/√n with t the 0.975 quantile of Student's t at n − 1 degrees of freedom.
 *
 * It holds 95 % of the time if the values are independent and about normal. Source: Student (1908), "The probable
 * error of a mean", Biometrika 6.
 *
 * @returns null without values
 */
export function meanInterval(values: readonly number[]): Interval | null {
  const n = values.length;
  if (n === 0) return null;
  // Equal values are their own mean to the last bit; a sum divided by n need not be.
  const centre = values.every((value) => value === values[0]) ? values[0] : mean([...values]);
  if (n === 1) return { n, mean: centre, sd: null, low: null, high: null };
  const sd = standardDeviation(values);
  const half = (studentQuantile(n - 1) * sd) / Math.sqrt(n);
  return { n, mean: centre, sd, low: centre - half, high: centre + half };
}

/**
 * The mean of treated_i − control_i over the seeds that have both, and its Student interval.
 *
 * Trials of one seed share partition, cohorts and first weights, so most of what differs between seeds cancels: the
 * interval is narrower than that of the difference of two independent means.
 *
 * @param treated by seed, null where there is no value; the same order as `control`
 */
export function pairedDifference(
  treated: readonly (number | null)[],
  control: readonly (number | null)[],
): Interval | null {
  const differences = treated.flatMap((value, index) => {
    const other = control[index];
    return value === null || other === null ? [] : [value - other];
  });
  return meanInterval(differences);
}

/** s = √(Σ(x_i − x̄)² / (n − 1)); 0 exactly where all values are equal. */
export function standardDeviation(values: readonly number[]): number {
  return values.every((value) => value === values[0]) ? 0 : sampleStandardDeviation([...values]);
}

const quantiles = new Map<number, number>();

/** t with P(T ≤ t) = 0.975 at ν degrees of freedom; relative error below 1e-7. */
export function studentQuantile(degreesOfFreedom: number): number {
  const known = quantiles.get(degreesOfFreedom);
  if (known !== undefined) return known;
  const quantile = jstat.jStat.studentt.inv((1 + CONFIDENCE) / 2, degreesOfFreedom);
  quantiles.set(degreesOfFreedom, quantile);
  return quantile;
}
