/** Norms whose sums run in ascending order, so that they are the same wherever they are computed. */

/** ‖v‖², float64. */
export function squaredNorm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * values[index];
  return sum;
}
