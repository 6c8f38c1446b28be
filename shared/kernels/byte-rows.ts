/**
 * Examples that are rows of bytes, brought into a core's arena. Clients of a large population are hardly ever seen twice, so
 * this is on their hot path: a chunk of rows is copied in at a time, counted, then listed or made floats by the module.
 */
import type { Dataset, IndexedBytes } from '../data/dataset.js';
import type { Arena } from './arena.js';
import type { Inspection } from './inspect.js';

/** Bytes copied in at a time: a few hundred images, which stay in the second-level cache until they are listed. */
const CHUNK_BYTES = 256 * 1024;

/** What the module exports for bytes (./assembly/bytes.ts). */
export interface ByteExports {
  countBytes(bytes: number, rows: number, width: number, counts: number): void;
  listBytes(
    bytes: number,
    rows: number,
    width: number,
    values: number,
    starts: number,
    entries: number,
    first: number,
  ): number;
  expandBytes(bytes: number, length: number, values: number, out: number): void;
}

export class ByteRows {
  readonly #arena: Arena;
  readonly #exports: ByteExports;
  /** d */
  readonly #width: number;
  /** Rows that fit the chunk. */
  readonly #rows: number;
  readonly #chunk: number;
  readonly #counts: number;
  readonly #values: number;
  /** What the chunk holds at the moment. */
  #held: { readonly indexed: IndexedBytes; readonly from: number } | undefined;

  /** Takes its chunk from the arena for good: d bytes a row, at least one row. */
  constructor(arena: Arena, exports: ByteExports, width: number) {
    this.#arena = arena;
    this.#exports = exports;
    this.#width = width;
    this.#rows = Math.max(1, Math.floor(CHUNK_BYTES / width));
    this.#chunk = arena.allocate(this.#rows * width);
    this.#counts = arena.allocate(4 * this.#rows);
    this.#values = arena.allocate(4 * 256);
  }

  /** Non-zeros, counted from the bytes: all values where the byte 0 stands for another number. */
  count(dataset: Dataset): Inspection {
    const { examples } = dataset;
    const { featureOf } = indexedOf(dataset);
    if (featureOf[0] !== 0) return { nonZeros: examples * this.#width, longestRow: this.#width };
    let [nonZeros, longestRow] = [0, 0];
    this.#eachChunk(dataset, (_, rows) => {
      this.#exports.countBytes(this.#chunk, rows, this.#width, this.#counts);
      const counts = this.#arena.uint32(this.#counts, rows);
      for (let row = 0; row < rows; row++) {
        nonZeros += counts[row];
        if (counts[row] > longestRow) longestRow = counts[row];
      }
    });
    return { nonZeros, longestRow };
  }

  /**
   * Writes lists of non-zeros. A byte other than 0 that stands for zero is listed too, which changes no bit.
   *
   * @param rowStarts address of uint32 [examples + 1]
   * @param entries address of as many entries of 8 bytes as `count` said
   */
  list(dataset: Dataset, rowStarts: number, entries: number): void {
    this.#writeValues(dataset);
    let next = 0;
    this.#eachChunk(dataset, (from, rows) => {
      const starts = rowStarts + 4 * from;
      next = this.#exports.listBytes(this.#chunk, rows, this.#width, this.#values, starts, entries, next);
    });
    this.#arena.uint32(rowStarts, dataset.examples + 1)[dataset.examples] = next;
  }

  /** @param features address of float32 [examples × d] */
  expand(dataset: Dataset, features: number): void {
    this.#writeValues(dataset);
    this.#eachChunk(dataset, (from, rows) => {
      const out = features + 4 * from * this.#width;
      this.#exports.expandBytes(this.#chunk, rows * this.#width, this.#values, out);
    });
  }

  #writeValues(dataset: Dataset): void {
    this.#arena.float32(this.#values, 256).set(indexedOf(dataset).featureOf);
  }

  #eachChunk(dataset: Dataset, work: (from: number, rows: number) => void): void {
    for (let from = 0; from < dataset.examples; from += this.#rows) {
      const rows = Math.min(this.#rows, dataset.examples - from);
      this.#copyIn(indexedOf(dataset), from, rows);
      work(from, rows);
    }
  }

  /** Copies a chunk in, unless it is there: a shard of one chunk is copied once, to be counted and then listed. */
  #copyIn(indexed: IndexedBytes, from: number, count: number): void {
    if (this.#held?.indexed === indexed && this.#held.from === from) return;
    this.#held = { indexed, from };
    const { bytes, rows } = indexed;
    const width = this.#width;
    const chunk = this.#arena.uint8(this.#chunk, count * width);
    for (let row = 0; row < count; ) {
      const first = rows[from + row];
      let run = 1;
      // Rows that follow each other, as in a test set, go in one copy.
      while (row + run < count && rows[from + row + run] === first + run) run++;
      chunk.set(bytes.subarray(first * width, (first + run) * width), row * width);
      row += run;
    }
  }
}

function indexedOf({ indexed }: Dataset): IndexedBytes {
  if (indexed === undefined) throw new Error('these examples are not rows of bytes');
  return indexed;
}
