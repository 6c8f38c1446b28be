/** Forward and backward through all layers for the batch at hand. */
import { activate, activateBackward } from './activation';
import { transpose, transposePanel } from './block';
import { Job, Layer, layerOf } from './job';
import { AddBias, Descend, Store } from './lanes';
import { biasGradient, PANEL_ROW, product, tileRows, weightGradient } from './product';
import { sparseForward, sparseGradient } from './sparse';

/** Batches from here on have x transposed for the weight gradient, whose reads would otherwise jump from row to row. */
const TRANSPOSE_ROWS: u32 = 48;

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
        layer.input, <usize>layer.inputStride << 2, job.weights + layer.weights, layer.inputs, layer.output, stride,
        job.weights + layer.biases, rows, stride,
      );
    }
    if (index + 1 < job.layerCount) activate(layer.output, <usize>rows * stride, job.activation);
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
    else denseGradient<Descend>(job, layer, rows, weights, rates);
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
      memory.fill(gradient, 0, layer.biases - layer.weights);
      sparseGradient<Store>(job, layer, batch, rows, gradient, none);
    } else denseGradient<Store>(job, layer, rows, gradient, none);
    biasGradient<Store>(layer, rows, job.gradient + layer.biases, none);
  }
}

@inline function denseGradient<Ending>(job: Job, layer: Layer, rows: u32, out: usize, rate: v128): void {
  const step = <usize>layer.inputStride << 2;
  if (rows < TRANSPOSE_ROWS) {
    weightGradient<Ending>(layer, layer.input, 4, step, rows, out, rate);
    return;
  }
  const columnBytes = ((<usize>rows + 3) & ~3) << 2;
  transpose(layer.input, step, job.transposed, columnBytes, rows, layer.inputs);
  weightGradient<Ending>(layer, job.transposed, columnBytes, 4, rows, out, rate);
}

/**
 * δ of the layer before: (δ · Wᵀ) · activation'. Wᵀ is made a panel at a time, so that it stays in the first-level cache;
 * then this is a forward product, with sums over the outputs ascending.
 */
function inputDelta(job: Job, layer: Layer, before: Layer, rows: u32): void {
  const stride = <usize>layer.stride << 2;
  const beforeStride = <usize>before.stride << 2;
  const panel = job.transposed;
  for (let k: usize = 0; k < before.stride; k += 16) {
    transposePanel(layer, job.weights + layer.weights, k, panel);
    const width = min(PANEL_ROW, beforeStride - (k << 2));
    tileRows<AddBias>(
      layer.delta, stride, 4, panel, width, layer.outputs, before.delta + (k << 2), beforeStride, job.zeros,
      f32x4.splat(0), rows, width,
    );
  }
  activateBackward(before.delta, before.output, <usize>rows * beforeStride, job.activation);
  // Padding rows of W, which hold anything, have become padding columns of δ, which must be zero.
  if (before.outputs == before.stride) return;
  for (let i: u32 = 0; i < rows; i++) {
    const row = before.delta + <usize>i * beforeStride;
    for (let j = before.outputs; j < before.stride; j++) store<f32>(row + (<usize>j << 2), 0);
  }
}
