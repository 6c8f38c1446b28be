/** Quantiles by nearest rank. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

export const median = (values) => quantile(values, 0.5);
export const spread = (values) => ({
  p50: quantile(values, 0.5),
  p99: quantile(values, 0.99),
  max: Math.max(...values),
});
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Milliseconds on the clock that all processes of the machine share. */
export const now = () => performance.timeOrigin + performance.now();
