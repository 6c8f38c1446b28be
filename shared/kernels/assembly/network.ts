/** Forward and backward through all layers for the batch at hand. */
import { activate, activateBackward } from './activation';
import { biasGradient, weightGradient } from './gradient';
import { Job, Layer, layerOf } from './job';
import { Descend, Store } from './lanes';
import { product } from './product';
import { sparseForward, sparseGradient } from './sparse';
import { transpose } from './transpose';

/** Copies the dense rows at `batch` to the first layer's input. Lists of non-zeros need no copy. */
export function gather(job: Job, batch: usize, rows: u32): void {
  if (job.sparse) return;
  const first = layerOf(job, 0);
  const bytes = <usize>first.inputStride << 2;
  for (let i: u32 = 0; i < rows; i++) {
    memory.copy(
      first.input + <usize>i * bytes, job.features + <usize>load<u32>(batch + (<usize>i << 2)) * bytes, bytes,
    );
  }
}

/** Leaves the activations of the hidden layers and the raw outputs z of the last. */
export function forward(job: Job, batch: usize, rows: u32): void {
  for (let index: u32 = 0; index < job.layerCount; index++) {
    const layer = layerOf(job, index);
    const stride = <usize>layer.stride << 2;
    if (index == 0 && job.sparse) sparseForward(job, layer, batch, rows);
    else {
      product(
        layer.input, <usize>layer.inputStride << 2, job.weights + layer.weights, stride, layer.inputs,
        layer.output, stride, job.weights + layer.biases, rows, layer.stride,
      );
    }
    if (index + 1 < job.layerCount) activate(layer.output, rows * stride, job.activation);
  }
}

/** From δ of the last layer: plain SGD on every layer, each after its W has served for the δ of the layer before. */
export function descend(job: Job, batch: usize, rows: u32, rate: f32): void {
  const rates = f32x4.splat(rate);
  for (let index = job.layerCount; index-- > 0;) {
    const layer = layerOf(job, index);
    if (index > 0) inputDelta(job, layer, layerOf(job, index - 1), rows);
    const weights = job.weights + layer.weights;
    if (index == 0 && job.sparse) sparseGradient<Descend>(job, layer, batch, rows, weights, rates);
    else weightGradient<Descend>(layer, rows, weights, rates);
    biasGradient<Descend>(layer, rows, job.weights + layer.biases, rates);
  }
}

/** From δ of the last layer: the gradient of every layer, stored in `job.gradient`. */
export function storeGradient(job: Job, batch: usize, rows: u32): void {
  const none = f32x4.splat(0);
  for (let index = job.layerCount; index-- > 0;) {
    const layer = layerOf(job, index);
    if (index > 0) inputDelta(job, layer, layerOf(job, index - 1), rows);
    const gradient = job.gradient + layer.weights;
    if (index == 0 && job.sparse) {
      memory.fill(gradient, 0, <usize>layer.inputs * (<usize>layer.stride << 2));
      sparseGradient<Store>(job, layer, batch, rows, gradient, none);
    } else weightGradient<Store>(layer, rows, gradient, none);
    biasGradient<Store>(layer, rows, job.gradient + layer.biases, none);
  }
}

/**
 * δ of the layer before: (W · δᵀ)ᵀ · activation'. Transposing the batch rather than W costs rows · width, not inputs ·
 * outputs, and sums over the outputs still run in ascending order.
 */
function inputDelta(job: Job, layer: Layer, before: Layer, rows: u32): void {
  const columns = (rows + 3) & ~3;
  const rowBytes = <usize>columns << 2;
  const stride = <usize>layer.stride << 2;
  const beforeStride = <usize>before.stride << 2;
  transpose(layer.delta, stride, job.deltaTransposed, rowBytes, rows, layer.outputs);
  product(
    job.weights + layer.weights, stride, job.deltaTransposed, rowBytes, layer.outputs,
    job.inputTransposed, rowBytes, job.zeros, layer.inputs, columns,
  );
  transpose(job.inputTransposed, rowBytes, before.delta, beforeStride, layer.inputs, rows);
  activateBackward(before.delta, before.output, <usize>rows * beforeStride, job.activation);
  if (before.outputs == before.stride) return;
  for (let i: u32 = 0; i < rows; i++) {
    const row = before.delta + <usize>i * beforeStride;
    for (let j = before.outputs; j < before.stride; j++) store<f32>(row + (<usize>j << 2), 0);
  }
}
