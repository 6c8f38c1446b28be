/** Quantities of a study as tables and sentences write them. */
import type { Unit } from './measures.js';
import type { Interval } from './statistics.js';

const MINUS = '−';
const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
/** The most decimals that each unit is written with; shares are in per cent. */
const MAX_DECIMALS: Record<Unit, number> = { count: 1, bytes: 2, loss: 7, share: 3, seconds: 1, joules: 1 };
const SUFFIXES: Partial<Record<Unit, string>> = { seconds: ' s', joules: ' J' };

/** A mean and its interval as text. */
export interface Written {
  readonly mean: string;
  /** `low to high`; a dash where nothing is known of it, `exact` for counts that are the same in every trial. */
  readonly range: string;
}

export interface WriteOptions {
  /** Writes a sign and, for shares, percentage points (pp). */
  readonly difference?: boolean;
  /** All intervals that stand in one column: they get the same unit and as many decimals. */
  readonly alike?: readonly (Interval | null)[];
}

export function writeInterval(
  unit: Unit,
  interval: Interval | null,
  { difference = false, alike = [interval] }: WriteOptions = {},
): Written {
  if (interval === null) return { mean: '–', range: '–' };
  const column = alike.filter((one) => one !== null);
  const power = unit === 'bytes' ? magnitude(column) : 0;
  const factor = unit === 'share' ? 100 : 1 / 1000 ** power;
  const decimals = decimalsOf(unit, column, factor);
  const write = (value: number) => grouped(value * factor, decimals);
  const { mean, low, high, sd } = interval;
  const sign = difference && mean > 0 && /[1-9]/.test(write(mean)) ? '+' : '';
  const suffix =
    unit === 'bytes' ? ` ${BYTES[power]}` : unit === 'share' ? (difference ? ' pp' : ' %') : (SUFFIXES[unit] ?? '');
  const exact = sd === 0 && (unit === 'count' || unit === 'bytes');
  const range = low === null || high === null ? '–' : exact ? 'exact' : `${write(low)} to ${write(high)}`;
  return { mean: sign + write(mean) + suffix, range };
}

/** `12,345.6`, with a real minus sign; nothing that rounds to zero has one. */
export function grouped(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? MINUS : '';
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

/** So many decimals that half the narrowest interval has two significant digits; without one, a hundredth of the mean. */
function decimalsOf(unit: Unit, column: readonly Interval[], factor: number): number {
  const halves = column.flatMap(({ low, high }) => (low === null || high === null ? [] : [(high - low) / 2]));
  const positive = halves.filter((half) => half > 0);
  if (unit === 'count' && positive.length === 0 && column.every(({ mean }) => Number.isInteger(mean))) return 0;
  if (unit === 'bytes') return column.some(({ mean }) => Math.abs(mean * factor) >= 1) ? 2 : 0;
  const means = column.map(({ mean }) => Math.abs(mean) / 100).filter((value) => value > 0);
  const scale = Math.min(...(positive.length > 0 ? positive : means)) * factor;
  if (!Number.isFinite(scale)) return unit === 'count' ? 0 : 2;
  let decimals = 0;
  for (let rest = scale; rest < 10 && decimals < MAX_DECIMALS[unit]; rest *= 10) decimals += 1;
  return decimals;
}

function magnitude(column: readonly Interval[]): number {
  let power = 0;
  const largest = Math.max(...column.map(({ mean }) => Math.abs(mean)));
  for (let rest = largest; rest >= 1000 && power + 1 < BYTES.length; rest /= 1000) power += 1;
  return power;
}
