/** Activations over whole padded rows, in place, and their derivatives expressed by the output a. Numbered as in ../names.ts. */
import { sigmoid4, tanh4 } from './elementary';
import { mul, sub } from './lanes';

export const IDENTITY: u32 = 0;
export const RELU: u32 = 1;
export const TANH: u32 = 2;
export const SIGMOID: u32 = 3;
export const LEAKY_RELU: u32 = 4;

/** a ← activation(z) over `bytes` bytes, a multiple of 16. */
export function activate(values: usize, bytes: usize, kind: u32): void {
  const end = values + bytes;
  const none = f32x4.splat(0);
  switch (kind) {
    case RELU:
      for (; values < end; values += 16) v128.store(values, f32x4.pmax(none, v128.load(values)));
      return;
    case TANH:
      for (; values < end; values += 16) v128.store(values, tanh4(v128.load(values)));
      return;
    case SIGMOID:
      for (; values < end; values += 16) v128.store(values, sigmoid4(v128.load(values)));
      return;
    case LEAKY_RELU:
      for (; values < end; values += 16) {
        const z = v128.load(values);
        v128.store(values, v128.bitselect(z, mul(z, f32x4.splat(0.01)), f32x4.gt(z, none)));
      }
      return;
  }
}

/** δ ← δ · activation'(a) over `bytes` bytes, a multiple of 16. */
export function activateBackward(delta: usize, a: usize, bytes: usize, kind: u32): void {
  const end = delta + bytes;
  const none = f32x4.splat(0);
  const one = f32x4.splat(1);
  switch (kind) {
    case RELU:
      for (; delta < end; delta += 16, a += 16) {
        v128.store(delta, v128.and(v128.load(delta), f32x4.gt(v128.load(a), none)));
      }
      return;
    case TANH:
      for (; delta < end; delta += 16, a += 16) {
        const output = v128.load(a);
        v128.store(delta, mul(v128.load(delta), sub(one, mul(output, output))));
      }
      return;
    case SIGMOID:
      for (; delta < end; delta += 16, a += 16) {
        const output = v128.load(a);
        v128.store(delta, mul(v128.load(delta), mul(output, sub(one, output))));
      }
      return;
    case LEAKY_RELU:
      for (; delta < end; delta += 16, a += 16) {
        const given = v128.load(delta);
        const damped = mul(given, f32x4.splat(0.01));
        v128.store(delta, v128.bitselect(given, damped, f32x4.gt(v128.load(a), none)));
      }
      return;
  }
}
