/** Quantities of a study as tables, sentences and axes write them. */
import type { Unit } from './measures.js';
import type { Interval } from './statistics.js';

const MINUS = '−';

/** Decimals that give `scale` two significant digits, 0..max. */
function decimalsFor(scale: number, max: number): number {
  let decimals = 0;
  for (let value = scale; value < 10 && decimals < max; value *= 10) decimals += 1;
  return decimals;
}

/** `12,345.6`; a real minus sign. */
export function grouped(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? MINUS : '';
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** One way to write all numbers of an interval: the same unit and as many decimals as its width makes sense of. */
function writer(unit: Unit, interval: Interval): (value: number) => string {
  const { mean, low, high } = interval;
  const half = low === null || high === null ? 0 : (high - low) / 2;
  if (unit === 'share') {
    const decimals = half > 0 ? decimalsFor(100 * half, 3) : 2;
    return (value) => grouped(100 * value, Math.min(decimals, 3));
  }
  if (unit === 'loss') {
    const decimals = decimalsFor(half > 0 ? half : Math.abs(mean) / 100 || 1, 7);
    return (value) => grouped(value, Math.max(decimals, 1));
  }
  if (unit === 'bytes') {
    const power = magnitude(Math.max(Math.abs(mean), Math.abs(low ?? 0), Math.abs(high ?? 0)));
    return (value) => grouped(value / 1000 ** power, power === 0 ? 0 : 2);
  }
  const whole = [mean, low ?? mean, high ?? mean].every((value) => Number.isInteger(value));
  const decimals = whole ? 0 : Math.min(decimalsFor(half > 0 ? half : Math.abs(mean) / 100, 1), 1);
  return (value) => grouped(value, decimals);
}

function magnitude(value: number): number {
  let power = 0;
  for (let rest = value; rest >= 1000 && power + 1 < BYTES.length; rest /= 1000) power += 1;
  return power;
}

/** The unit that stands behind a value; `points` for differences of shares. */
function suffix(unit: Unit, { mean, low, high }: Interval, difference: boolean): string {
  if (unit === 'share') return difference ? ' pp' : ' %';
  if (unit !== 'bytes') return '';
  return ` ${BYTES[magnitude(Math.max(Math.abs(mean), Math.abs(low ?? 0), Math.abs(high ?? 0)))]}`;
}

export interface Written {
  readonly mean: string;
  /** `low to high`; a dash where nothing is known of it. */
  readonly range: string;
}

/** An interval as text. @param difference writes a sign and, for shares, percentage points (pp) */
export function writeInterval(unit: Unit, interval: Interval | null, difference = false): Written {
  if (interval === null) return { mean: '–', range: '–' };
  const write = writer(unit, interval);
  const { mean, low, high } = interval;
  const sign = difference && mean > 0 && /[1-9]/.test(write(mean)) ? '+' : '';
  const range = low === null || high === null ? '–' : `${write(low)} to ${write(high)}`;
  return { mean: sign + write(mean) + suffix(unit, interval, difference), range };
}
