/**
 * What the host writes into the arena before a call. Every field is 32 bits wide and in the order of `jobFields` and
 * `layerFields` in ../arena.ts; pointers are byte addresses of 16-byte aligned arrays.
 *
 * Batch-shaped matrices are row-major, their columns padded to a multiple of 4 (one vector). W stands in panels of 16
 * columns (./product.ts), its rows padded to a multiple of 4 (one tile). Padding columns of weights, gradients and deltas
 * stay zero; padding rows hold anything and are never read into a result. All parameter-shaped arrays share one layout, a
 * "block".
 */
@unmanaged
export class Layer {
  inputs!: u32;
  outputs!: u32;
  /** Columns of W, b, z and δ: outputs rounded up to 4. */
  stride!: u32;
  /** Elements from one row of x to the next. */
  inputStride!: u32;
  /** Byte offset of W in a block. */
  weights!: u32;
  /** Byte offset of b in a block. */
  biases!: u32;
  /** x [rows × inputStride]: the output of the layer before; for the first layer the gathered batch. */
  input!: usize;
  /** a [rows × stride]. */
  output!: usize;
  /** δ [rows × stride]. */
  delta!: usize;
}

/** Bytes of one `Layer`. */
export const LAYER_BYTES: usize = 36;

@unmanaged
export class Job {
  layerCount!: u32;
  layers!: usize;
  activation!: u32;
  loss!: u32;
  /** Block of weights, worked on in place. */
  weights!: usize;
  /** Bytes of a block. */
  blockBytes!: u32;
  /** Blocks of the gradient, the optimizer's means and means of squares, anchor and correction; 0 where not needed. */
  gradient!: usize;
  m!: usize;
  v!: usize;
  anchor!: usize;
  correction!: usize;
  optimizer!: u32;
  /** float64: β1, β2, ε, momentum. */
  constants!: usize;
  /** Flat parameters as the host has them. */
  flat!: usize;
  /** Examples of the shard. */
  examples!: u32;
  classCount!: u32;
  /** 1: rowStarts and entries are given; 0: features. */
  sparse!: u32;
  features!: usize;
  rowStarts!: usize;
  /** (column u32, value f32) of each non-zero, row after row. */
  entries!: usize;
  labels!: usize;
  order!: usize;
  steps!: u32;
  batchSizes!: usize;
  learningRates!: usize;
  /** float32 [steps], or 0 for a column that was left out. */
  momenta!: usize;
  weightDecays!: usize;
  clipNorms!: usize;
  proximals!: usize;
  /** Scratch for the transpose of W or of the batch. */
  transposed!: usize;
  /** Zeros, as many as the widest layer has: the bias of a product without bias. */
  zeros!: usize;
  /** Per input column: non-zeros of the batch, and where its next entry goes. All zero between steps. */
  columnCounts!: usize;
  /** Columns with a non-zero in the batch, in order of first sight. */
  columnsTouched!: usize;
  /** Zeros [inputs × stride] where one panel holds all outputs of the first layer, else 0. */
  narrowGradient!: usize;
  /** (column, begin, end) u32 of each touched column's list. */
  columnLists!: usize;
  /** (batch row u32, value f32) of the batch's non-zeros, column after column. */
  columnEntries!: usize;
  /** [k] each. */
  classExamples!: usize;
  classCorrect!: usize;
  /** [k × k], row = label, column = prediction; 0 for none. */
  confusion!: usize;
  /** Out: examples whose prediction was their label. */
  correct!: u32;
  /** Rows that evaluation takes at a time. */
  evaluationRows!: u32;
}

@inline export function layerOf(job: Job, index: u32): Layer {
  return changetype<Layer>(job.layers + <usize>index * LAYER_BYTES);
}
