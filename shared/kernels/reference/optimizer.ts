/**
 * What a step does with its gradient, in plain loops: proximal term, clipping, correction, weight decay, update. Formulas
 * and sources: ../../optimizer/client-optimizer.ts; the order of operations: ../kernels.ts. Every operation is float32.
 */
import type { LayerLayout } from '../../model/layout.js';
import type { ClientOptimizer } from '../../optimizer/client-optimizer.js';
import type { StepTable } from '../kernels.js';

const fround = Math.fround;

/** g ← g ⊕ μ ⊗ (w ⊖ anchor). */
export function addProximal(g: Float32Array, w: Float32Array, anchor: Float32Array, mu: number): void {
  for (let i = 0; i < g.length; i++) g[i] += fround(mu * fround(w[i] - anchor[i]));
}

/** g ← g ⊗ min(1, clipNorm/(‖g‖ + 1e-6)). */
export function clip(g: Float32Array, layers: readonly LayerLayout[], clipNorm: number): void {
  const factor = fround(clipNorm / (gradientNorm(g, layers) + 1e-6));
  if (!(factor < 1)) return;
  for (let i = 0; i < g.length; i++) g[i] *= factor;
}

/**
 * ‖g‖ in float64: four partial sums by column mod 4, so that four lanes can share the work. W goes in panels of 16 columns,
 * each row by row, then b.
 */
export function gradientNorm(g: Float32Array, layers: readonly LayerLayout[]): number {
  const sums = new Float64Array(4);
  for (const { inputs, outputs, weights, biases } of layers) {
    for (let panel = 0; panel < outputs; panel += 16) {
      const end = Math.min(panel + 16, outputs);
      for (let k = 0; k < inputs; k++) {
        for (let j = panel; j < end; j++) sums[j % 4] += g[weights + k * outputs + j] * g[weights + k * outputs + j];
      }
    }
    for (let j = 0; j < outputs; j++) sums[j % 4] += g[biases + j] * g[biases + j];
  }
  return Math.sqrt(sums[0] + sums[1] + (sums[2] + sums[3]));
}

/** g ← g ⊕ correction. */
export function addCorrection(g: Float32Array, correction: Float32Array): void {
  for (let i = 0; i < g.length; i++) g[i] += correction[i];
}

/** g ← g ⊕ λ ⊗ w. */
export function addDecay(g: Float32Array, w: Float32Array, lambda: number): void {
  for (let i = 0; i < g.length; i++) g[i] += fround(lambda * w[i]);
}

/** The state and update of one client optimizer over one training; `v` and `m` [p] begin at zero. */
export class ReferenceOptimizer {
  readonly #optimizer: ClientOptimizer;
  readonly #m: Float32Array;
  readonly #v: Float32Array;
  /** β1ᵗ and β2ᵗ, float64 products. */
  #power1 = 1;
  #power2 = 1;

  constructor(optimizer: ClientOptimizer, parameters: number) {
    this.#optimizer = optimizer;
    const length = optimizer.kind === 'sgd' ? 0 : parameters;
    this.#m = new Float32Array(length);
    this.#v = new Float32Array(length);
  }

  /** Updates w [p] by g [p] at the rates of `step`. */
  update(w: Float32Array, g: Float32Array, steps: StepTable, step: number): void {
    const rate = steps.learningRates[step];
    const { kind, beta1, beta2 } = this.#optimizer;
    switch (kind) {
      case 'sgd':
        for (let i = 0; i < w.length; i++) w[i] -= fround(rate * g[i]);
        return;
      case 'momentum':
      case 'nesterov':
        this.#momentum(w, g, rate, steps.momenta?.[step] ?? fround(this.#optimizer.momentum));
        return;
      case 'adam':
      case 'adamW':
        this.#power1 *= beta1;
        this.#power2 *= beta2;
        this.#adam(w, g, rate, steps.weightDecays?.[step] ?? 0);
        return;
      case 'adagrad':
        for (let i = 0; i < w.length; i++) this.#v[i] += fround(g[i] * g[i]);
        this.#divideByRoot(w, g, rate);
        return;
      case 'rmsProp':
        this.#averageSquares(g);
        this.#divideByRoot(w, g, rate);
        return;
    }
  }

  #momentum(w: Float32Array, g: Float32Array, rate: number, beta: number): void {
    const v = this.#v;
    const ahead = this.#optimizer.kind === 'nesterov';
    for (let i = 0; i < w.length; i++) {
      v[i] = fround(beta * v[i]) + g[i];
      const direction = ahead ? fround(g[i] + fround(beta * v[i])) : v[i];
      w[i] -= fround(rate * direction);
    }
  }

  #adam(w: Float32Array, g: Float32Array, rate: number, lambda: number): void {
    const m = this.#m;
    const v = this.#v;
    if (this.#optimizer.kind === 'adamW' && lambda !== 0) {
      const kept = fround(1 - rate * lambda);
      for (let i = 0; i < w.length; i++) w[i] *= kept;
    }
    const weight1 = fround(1 - this.#optimizer.beta1);
    const stepSize = fround(rate / (1 - this.#power1));
    const root2 = fround(Math.sqrt(1 - this.#power2));
    const epsilon = fround(this.#optimizer.epsilon);
    this.#averageSquares(g);
    for (let i = 0; i < w.length; i++) {
      m[i] += fround(weight1 * fround(g[i] - m[i]));
      const denominator = fround(fround(fround(Math.sqrt(v[i])) / root2) + epsilon);
      w[i] -= fround(fround(stepSize * m[i]) / denominator);
    }
  }

  /** v ← β2 ⊗ v ⊕ (1 − β2) ⊗ (g ⊗ g). */
  #averageSquares(g: Float32Array): void {
    const beta2 = fround(this.#optimizer.beta2);
    const weight2 = fround(1 - this.#optimizer.beta2);
    const v = this.#v;
    for (let i = 0; i < v.length; i++) v[i] = fround(beta2 * v[i]) + fround(weight2 * fround(g[i] * g[i]));
  }

  /** w ← w ⊖ (η ⊗ g) ⊘ (√v ⊕ ε). */
  #divideByRoot(w: Float32Array, g: Float32Array, rate: number): void {
    const v = this.#v;
    const epsilon = fround(this.#optimizer.epsilon);
    for (let i = 0; i < w.length; i++) {
      w[i] -= fround(fround(rate * g[i]) / fround(fround(Math.sqrt(v[i])) + epsilon));
    }
  }
}
