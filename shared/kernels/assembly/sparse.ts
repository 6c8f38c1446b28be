/**
 * The first layer on lists of non-zeros. Row lists are built once per shard; the batch's column lists are made from them
 * at each step by counting, in time proportional to the batch's non-zeros (never to the width of the input).
 */
import { AddBias } from './lanes';
import { Job, Layer } from './job';
import { listRow } from './list';

/** z = x · W ⊕ b for batch rows whose example indices stand at `batch`. */
export function sparseForward(job: Job, layer: Layer, batch: usize, rows: u32): void {
  const width = <usize>layer.stride << 2;
  const weights = job.weights + layer.weights;
  const biases = job.weights + layer.biases;
  for (let i: u32 = 0; i < rows; i++) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    const list = job.entries + (<usize>load<u32>(starts) << 3);
    const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
    listRow<AddBias>(list, end, weights, width, layer.output + <usize>i * width, width, biases, f32x4.splat(0));
  }
}

/** W ← W ⊖ η ⊗ g (Descend) or g (Store, into zeros) for the columns that the batch touches; the others have g = 0. */
@inline export function sparseGradient<Ending>(
  job: Job, layer: Layer, batch: usize, rows: u32, out: usize, rate: v128,
): void {
  const width = <usize>layer.stride << 2;
  const touched = transposeBatch(job, batch, rows);
  let list = job.columnEntries;
  for (let at = job.columnsTouched; at < touched; at += 4) {
    const column = <usize>load<u32>(at);
    // After the scatter the counter holds the end of the column's list.
    const counter = job.columnCounts + (column << 2);
    const end = <usize>load<u32>(counter);
    store<u32>(counter, 0);
    listRow<Ending>(list, end, layer.delta, width, out + column * width, width, 0, rate);
    list = end;
  }
}

/** Builds the batch's column lists; returns the end of `columnsTouched`. Within a column, rows ascend. */
function transposeBatch(job: Job, batch: usize, rows: u32): usize {
  const counts = job.columnCounts;
  let touched = job.columnsTouched;
  for (let i: u32 = 0; i < rows; i++) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
    for (let entry = job.entries + (<usize>load<u32>(starts) << 3); entry < end; entry += 8) {
      const column = load<u32>(entry);
      const counter = counts + (<usize>column << 2);
      const count = load<u32>(counter);
      // Written always, kept only if new: no branch to mispredict.
      store<u32>(touched, column);
      touched += count == 0 ? 4 : 0;
      store<u32>(counter, count + 1);
    }
  }
  let next = job.columnEntries;
  for (let at = job.columnsTouched; at < touched; at += 4) {
    const counter = counts + (<usize>load<u32>(at) << 2);
    const count = <usize>load<u32>(counter);
    store<u32>(counter, <u32>next);
    next += count << 3;
  }
  for (let i: u32 = 0; i < rows; i++) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
    for (let entry = job.entries + (<usize>load<u32>(starts) << 3); entry < end; entry += 8) {
      const counter = counts + (<usize>load<u32>(entry) << 2);
      const place = <usize>load<u32>(counter);
      store<u32>(place, i);
      store<u32>(place, load<u32>(entry, 4), 4);
      store<u32>(counter, <u32>(place + 8));
    }
  }
  return touched;
}
