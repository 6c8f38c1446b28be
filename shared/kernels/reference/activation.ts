/** Activations in place, and their derivatives expressed by the output a: what backward needs is then what forward left. */
import { sigmoidFloat32, tanhFloat32 } from '../../math/float32.js';
import type { Activation } from '../../model/model.js';

/** Slope of leaky ReLU below 0 (Maas et al. 2013). */
const LEAKY_SLOPE = Math.fround(0.01);

/** a ← activation(z), over the first `length` values, in place. */
export function activate(values: Float32Array, length: number, kind: Activation): void {
  switch (kind) {
    case 'identity':
      return;
    case 'leakyRelu':
      for (let i = 0; i < length; i++) values[i] = values[i] > 0 ? values[i] : LEAKY_SLOPE * values[i];
      return;
    case 'relu':
      for (let i = 0; i < length; i++) values[i] = values[i] > 0 ? values[i] : 0;
      return;
    case 'tanh':
      for (let i = 0; i < length; i++) values[i] = tanhFloat32(values[i]);
      return;
    case 'sigmoid':
      for (let i = 0; i < length; i++) values[i] = sigmoidFloat32(values[i]);
      return;
  }
}

/** δ ← δ · activation'(a), over the first `length` values, in place. relu' at 0 is 0, leakyRelu' its slope. */
export function activateBackward(delta: Float32Array, a: Float32Array, length: number, kind: Activation): void {
  const fround = Math.fround;
  switch (kind) {
    case 'identity':
      return;
    case 'leakyRelu':
      for (let i = 0; i < length; i++) delta[i] = a[i] > 0 ? delta[i] : LEAKY_SLOPE * delta[i];
      return;
    case 'relu':
      for (let i = 0; i < length; i++) delta[i] = a[i] > 0 ? delta[i] : 0;
      return;
    case 'tanh':
      for (let i = 0; i < length; i++) delta[i] *= fround(fround(1) - fround(a[i] * a[i]));
      return;
    case 'sigmoid':
      for (let i = 0; i < length; i++) delta[i] *= fround(a[i] * fround(fround(1) - a[i]));
      return;
  }
}
