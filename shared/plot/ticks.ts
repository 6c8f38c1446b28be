/** Axis ends and ticks at round numbers. */

export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

const NICE = [1, 2, 2.5, 5, 10];
/** Smaller differences are none to the eye, and their digits are no longer exact. */
const LEAST = 1e-300;

/** The least of 1, 2, 2.5 or 5 times a power of ten that is no less than `rough`. */
function niceStep(rough: number, whole: boolean): number {
  const exponent = Number(rough.toExponential().split('e')[1]);
  const unit = Number(`1e${exponent}`);
  const step = unit * (NICE.find((factor) => factor * unit >= rough * (1 - 1e-9)) ?? 10);
  return whole ? Math.max(1, Math.ceil(step)) : step;
}

function multiples(step: number, first: number, last: number): number[] {
  const count = Math.floor((last - first) / step + 1e-9);
  // Twelve digits take away what adding up leaves behind, as in 0.30000000000000004.
  return Array.from({ length: count + 1 }, (_, index) => Number((first + index * step).toPrecision(12)));
}

/** From 0 where the values come near it; otherwise around them. About `count` ticks. */
export function valueAxis(values: readonly number[], count: number): Axis {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const whole = values.every(Number.isInteger);
  const bottom = low >= 0 && (low < 0.6 * high || low === high) ? 0 : low;
  const span = high > bottom ? high - bottom : Math.abs(high);
  const step = niceStep((span > LEAST ? span : 1) / count, whole);
  const min = Math.floor(bottom / step + 1e-9) * step;
  const max = Math.max(Math.ceil(high / step - 1e-9) * step, min + step);
  return { min, max, ticks: multiples(step, min, max) };
}

/** 0..rounds, its end as it is. */
export function roundAxis(rounds: number, count: number): Axis {
  const step = niceStep(rounds / count, true);
  return { min: 0, max: rounds, ticks: multiples(step, 0, rounds) };
}
