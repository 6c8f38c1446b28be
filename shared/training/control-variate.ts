/**
 * Control variates of SCAFFOLD's clients, option II: Karimireddy, Kale, Mohri, Reddi, Stich, Suresh, "SCAFFOLD: stochastic
 * controlled averaging for federated learning", ICML 2020, algorithm 1.
 *
 * A local step uses g ⊖ c_i ⊕ c in place of g. Afterwards c_i⁺ = c_i − c − Δ/Ση with Δ = local − global and Ση the sum of
 * the rates of the local steps that were made. The paper's Kη is that sum for a rate that holds through the round; with a
 * rate that moves inside it, K times any one of its rates would weigh the gradients wrongly. Since plain SGD gives
 * Δ = −Σ η_t (g_t − c_i + c), c_i⁺ is the mean of the client's gradients, weighed by the rates.
 */

export interface ControlVariates {
  /** c, the server's [p]. */
  readonly control: Float32Array;
  /** c_i, the client's [p]; undefined stands for zeros. */
  readonly own: Float32Array | undefined;
}

/** c ⊖ c_i [p], which is added to every gradient. */
export function correctionOf({ control, own }: ControlVariates): Float32Array {
  if (own === undefined) return control;
  return control.map((value, index) => value - own[index]);
}

/**
 * c_i⁺ − c_i = −c − Δ/Ση [p], float64 rounded once to float32. It is zero where every rate was zero: nothing was seen then.
 *
 * @param control c
 * @param delta Δ
 * @param learningRates η of each local step; they add up in float64 in their order
 */
export function changeOf(control: Float32Array, delta: Float32Array, learningRates: Float32Array): Float32Array {
  let sum = 0;
  for (const rate of learningRates) sum += rate;
  if (sum === 0) return new Float32Array(delta.length);
  return delta.map((value, index) => -control[index] - value / sum);
}
