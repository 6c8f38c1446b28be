/** Client optimizers over one array, operation for operation as in ../reference/optimizer.ts. */
import { add, mul, sub } from './lanes';

// Numbered as `clientOptimizers` in shared/optimizer/client-optimizer.ts.
export const SGD: u32 = 0;
export const MOMENTUM: u32 = 1;
export const NESTEROV: u32 = 2;
export const ADAM: u32 = 3;
export const ADAM_W: u32 = 4;
export const ADAGRAD: u32 = 5;
export const RMS_PROP: u32 = 6;

/** w ← w ⊖ η ⊗ g. */
export function sgd(w: usize, g: usize, bytes: usize, rate: f32): void {
  const eta = f32x4.splat(rate);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(w + at, sub(v128.load(w + at), mul(eta, v128.load(g + at))));
  }
}

/** v ← β ⊗ v ⊕ g; w ← w ⊖ η ⊗ v, or with `ahead` (Nesterov) w ⊖ η ⊗ (g ⊕ β ⊗ v). */
export function momentum(w: usize, g: usize, v: usize, bytes: usize, rate: f32, beta: f32, ahead: bool): void {
  const eta = f32x4.splat(rate);
  const decay = f32x4.splat(beta);
  for (let at: usize = 0; at < bytes; at += 16) {
    const gradient = v128.load(g + at);
    const velocity = add(mul(decay, v128.load(v + at)), gradient);
    v128.store(v + at, velocity);
    const direction = ahead ? add(gradient, mul(decay, velocity)) : velocity;
    v128.store(w + at, sub(v128.load(w + at), mul(eta, direction)));
  }
}

/**
 * m ← m ⊕ (1 − β1) ⊗ (g ⊖ m); v ← β2 ⊗ v ⊕ (1 − β2) ⊗ g²; w ← w ⊖ (s ⊗ m) ⊘ (√v ⊘ r ⊕ ε).
 *
 * @param step s = η/(1 − β1ᵗ)
 * @param root r = √(1 − β2ᵗ)
 */
export function adam(
  w: usize, g: usize, m: usize, v: usize, bytes: usize, step: f32, root: f32, beta1: f64, beta2: f64, epsilon: f64,
): void {
  const size = f32x4.splat(step);
  const divisor = f32x4.splat(root);
  const weight1 = f32x4.splat(<f32>(1 - beta1));
  const decay2 = f32x4.splat(<f32>beta2);
  const weight2 = f32x4.splat(<f32>(1 - beta2));
  const small = f32x4.splat(<f32>epsilon);
  for (let at: usize = 0; at < bytes; at += 16) {
    const gradient = v128.load(g + at);
    const squares = add(mul(decay2, v128.load(v + at)), mul(weight2, mul(gradient, gradient)));
    v128.store(v + at, squares);
    const before = v128.load(m + at);
    const mean = add(before, mul(weight1, sub(gradient, before)));
    v128.store(m + at, mean);
    const denominator = add(f32x4.div(f32x4.sqrt(squares), divisor), small);
    v128.store(w + at, sub(v128.load(w + at), f32x4.div(mul(size, mean), denominator)));
  }
}

/** v ← v ⊕ g², or with `averaged` (RMSprop) β2 ⊗ v ⊕ (1 − β2) ⊗ g²; w ← w ⊖ (η ⊗ g) ⊘ (√v ⊕ ε). */
export function divideByRoot(
  w: usize, g: usize, v: usize, bytes: usize, rate: f32, averaged: bool, beta2: f64, epsilon: f64,
): void {
  const eta = f32x4.splat(rate);
  const decay2 = f32x4.splat(<f32>beta2);
  const weight2 = f32x4.splat(<f32>(1 - beta2));
  const small = f32x4.splat(<f32>epsilon);
  for (let at: usize = 0; at < bytes; at += 16) {
    const gradient = v128.load(g + at);
    const square = mul(gradient, gradient);
    const before = v128.load(v + at);
    const squares = averaged ? add(mul(decay2, before), mul(weight2, square)) : add(before, square);
    v128.store(v + at, squares);
    const step = f32x4.div(mul(eta, gradient), add(f32x4.sqrt(squares), small));
    v128.store(w + at, sub(v128.load(w + at), step));
  }
}
