/**
 * The first layer on lists of non-zeros. Row lists are built once per shard; the batch's column lists are made from them
 * at each step by counting, in time proportional to the batch's non-zeros (never to the width of the input).
 */
import { Job, Layer, layerOf } from './job';
import { AddBias, Descend, zero } from './lanes';
import { list12, list16, list32, list4, list8 } from './list';
import { addOuterProducts, descendAndClear } from './outer';
import { PANEL_ROW, panelRows } from './product';

/** z = x · W ⊕ b for batch rows whose example indices stand at `batch`. Panel by panel, so that a panel stays near. */
export function sparseForward(job: Job, layer: Layer, batch: usize, rows: u32): void {
  const width = <usize>layer.stride << 2;
  const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
  const none = zero();
  let panel = job.weights + layer.weights;
  let j: usize = 0;
  for (; j + 2 * PANEL_ROW <= width; j += 2 * PANEL_ROW, panel += 2 * panelBytes) {
    const bias = job.weights + layer.biases + j;
    let z = layer.output + j;
    for (let i: u32 = 0; i < rows; i++, z += width) {
      const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
      const list = job.entries + (<usize>load<u32>(starts) << 3);
      const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
      list32<AddBias>(list, end, panel, panelBytes, PANEL_ROW, z, PANEL_ROW, bias, none);
    }
  }
  for (; j < width; j += PANEL_ROW, panel += panelBytes) {
    const step = min(PANEL_ROW, width - j);
    const bias = job.weights + layer.biases + j;
    let z = layer.output + j;
    for (let i: u32 = 0; i < rows; i++, z += width) {
      const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
      const list = job.entries + (<usize>load<u32>(starts) << 3);
      const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
      listPanel<AddBias>(list, end, panel, step, z, bias, none, step);
    }
  }
}

/** W ← W ⊖ η ⊗ g (Descend) or g (Store, into zeros) for the columns that the batch touches; the others have g = 0. */
@inline export function sparseGradient<Ending>(
  job: Job, layer: Layer, batch: usize, rows: u32, out: usize, rate: v128,
): void {
  const width = <usize>layer.stride << 2;
  if (job.narrowGradient && layer.inputs <= 4 * nonZeros(job, batch, rows)) {
    const descending = sizeof<Ending>() == sizeof<Descend>();
    addOuterProducts(job, layer, batch, rows, descending ? job.narrowGradient : out);
    if (descending) descendAndClear(out, job.narrowGradient, layer.inputs * width, rate);
    return;
  }
  const panelBytes = panelRows(layer.inputs) * PANEL_ROW;
  const lists = transposeBatch(job, batch, rows);
  let j: usize = 0;
  for (; j + 2 * PANEL_ROW <= width; j += 2 * PANEL_ROW, out += 2 * panelBytes) {
    for (let at = job.columnLists; at < lists; at += 12) {
      const c = out + <usize>load<u32>(at) * PANEL_ROW;
      list32<Ending>(load<u32>(at, 4), load<u32>(at, 8), layer.delta + j, PANEL_ROW, width, c, panelBytes, 0, rate);
    }
  }
  for (; j < width; j += PANEL_ROW, out += panelBytes) {
    const step = min(PANEL_ROW, width - j);
    for (let at = job.columnLists; at < lists; at += 12) {
      const c = out + <usize>load<u32>(at) * step;
      listPanel<Ending>(load<u32>(at, 4), load<u32>(at, 8), layer.delta + j, width, c, 0, rate, step);
    }
  }
}

function nonZeros(job: Job, batch: usize, rows: u32): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    count += load<u32>(starts, 4) - load<u32>(starts);
  }
  return count;
}

@inline function listPanel<Ending>(
  list: usize, end: usize, b: usize, bStep: usize, c: usize, other: usize, rate: v128, width: usize,
): void {
  if (width == 64) list16<Ending>(list, end, b, bStep, c, other, rate);
  else if (width == 48) list12<Ending>(list, end, b, bStep, c, other, rate);
  else if (width == 32) list8<Ending>(list, end, b, bStep, c, other, rate);
  else list4<Ending>(list, end, b, bStep, c, other, rate);
}

/**
 * Builds the batch's column lists and, at `job.columnLists`, where each column's begins and ends; returns the end of that.
 * Within a column rows ascend.
 */
function transposeBatch(job: Job, batch: usize, rows: u32): usize {
  const touched = countColumns(job, layerOf(job, 0).inputs, batch, rows);
  let list = job.columnLists;
  let next = <u32>job.columnEntries;
  for (let at = job.columnsTouched; at < touched; at += 4, list += 12) {
    const column = load<u32>(at);
    const counter = job.columnCounts + (<usize>column << 2);
    const count = load<u32>(counter);
    store<u32>(counter, next);
    store<u32>(list, column);
    store<u32>(list, next, 4);
    next += count << 3;
    store<u32>(list, next, 8);
  }
  scatter(job, batch, rows);
  for (let at = job.columnsTouched; at < touched; at += 4) {
    store<u32>(job.columnCounts + (<usize>load<u32>(at) << 2), 0);
  }
  return list;
}

/**
 * Counts the batch's non-zeros by column; lists the columns that have any and returns the end of that list. Where most
 * columns are likely to have some, they are listed in ascending order, in which W is then walked; else by first sight.
 */
function countColumns(job: Job, inputs: u32, batch: usize, rows: u32): usize {
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
  if (inputs > nonZeros(job, batch, rows)) return touched;
  touched = job.columnsTouched;
  for (let column: u32 = 0; column < inputs; column++) {
    store<u32>(touched, column);
    touched += load<u32>(counts + (<usize>column << 2)) == 0 ? 0 : 4;
  }
  return touched;
}

/** Puts each non-zero at its column's next place, which `columnCounts` now holds. */
function scatter(job: Job, batch: usize, rows: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const starts = job.rowStarts + (<usize>load<u32>(batch + (<usize>i << 2)) << 2);
    const end = job.entries + (<usize>load<u32>(starts, 4) << 3);
    for (let entry = job.entries + (<usize>load<u32>(starts) << 3); entry < end; entry += 8) {
      const counter = job.columnCounts + (<usize>load<u32>(entry) << 2);
      const place = <usize>load<u32>(counter);
      store<u32>(place, i);
      store<u32>(place, load<u32>(entry, 4), 4);
      store<u32>(counter, <u32>(place + 8));
    }
  }
}
