/** float32 values as people write them: 0.1 instead of 0.10000000149011612. */

/** The float64 with few decimal digits (the fewest, but for some powers of two) that rounds to the float32 `value`; `value` itself if not finite. */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
