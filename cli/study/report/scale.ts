/** Axes: from values to places, and the round numbers that are written beside them. */
export interface Scale {
  /** 0 at the domain's low end, 1 at its high end. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
}

/** Ratios from which positive values are shown on a logarithmic axis. */
const LOG_FROM = 3;

export function linearScale(low: number, high: number, count: number): Scale {
  const span = high - low || Math.abs(high) || 1;
  const [from, to] = high === low ? [low - span / 2, high + span / 2] : [low, high];
  const step = niceStep((to - from) / count);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Whole multiples over whole divisors, so that ticks read 0.3 and not 0.30000000000000004.
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
  return { at: (value) => (value - from) / (to - from), ticks, low: from, high: to, logarithmic: false };
}

/** Linear, or logarithmic where positive values span a large ratio. */
export function valueScale(low: number, high: number, count: number): Scale {
  if (!(low > 0) || high / low < LOG_FROM) {
    const pad = (high - low) * 0.04;
    return linearScale(low === 0 ? 0 : low - pad, high + pad, count);
  }
  const [from, to] = [low / 1.12, high * 1.12];
  const position = (value: number) => Math.log(Math.max(value, from) / from) / Math.log(to / from);
  const decades = Math.log10(to / from);
  const digits = decades > 3 ? [1] : decades > 1.6 ? [1, 3] : decades > 0.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 6, 8];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
    for (const digit of digits) {
      const tick = Number((digit * 10 ** power).toPrecision(3));
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return { at: position, ticks, low: from, high: to, logarithmic: true };
}

/** 1, 2 or 5 times a power of ten, no less than `rough`. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** `1.5 M`, `20 k`, `0.05`. */
export function tickText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(4))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(4))} k`;
  return String(value);
}
