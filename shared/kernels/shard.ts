/**
 * Examples in a core's arena: dense rows, or lists of non-zeros where few enough values are not zero. A shard that comes
 * back is found where it was, until the room set aside for shards overflows; then all are dropped at once.
 */
import type { Dataset } from '../data/dataset.js';
import { type Arena, roundUp } from './arena.js';
import type { ByteRows } from './byte-rows.js';
import { inspect } from './inspect.js';

/** Share of non-zeros below which lists beat dense tiles (bench/results has the measurement). */
const SPARSE_BELOW = 0.45;

/** A shard's place in the arena; the first six fields are those of the job record. */
export interface Shard {
  readonly examples: number;
  readonly sparse: number;
  readonly features: number;
  readonly rowStarts: number;
  readonly entries: number;
  readonly labels: number;
  /** Most non-zeros of one example. */
  readonly longestRow: number;
}

export class ShardStore {
  readonly #arena: Arena;
  readonly #bytes: ByteRows;
  readonly #limitBytes: number;
  #start: number;
  #shards = new WeakMap<Dataset, Shard>();

  /** Takes the arena from its present mark on. */
  constructor(arena: Arena, bytes: ByteRows, limitBytes: number) {
    this.#arena = arena;
    this.#bytes = bytes;
    this.#limitBytes = limitBytes;
    this.#start = arena.mark;
  }

  /** Drops all shards and begins again at the arena's mark. */
  restart(): void {
    this.#start = this.#arena.mark;
    this.#shards = new WeakMap();
  }

  /** The shard of `examples`, copied in unless it is there. */
  place(examples: Dataset): Shard {
    const known = this.#shards.get(examples);
    if (known !== undefined) return known;
    const { nonZeros, longestRow } = inspect(examples) ?? this.#bytes.count(examples);
    const values = examples.examples * examples.featureCount;
    const sparse = examples.sparse !== undefined || nonZeros < SPARSE_BELOW * values;
    const bytes = 4 * (2 * examples.examples + (sparse ? 2 * nonZeros : values)) + 512;
    if (this.#arena.mark + bytes > this.#start + this.#limitBytes) {
      this.#arena.release(this.#start);
      this.#shards = new WeakMap();
    }
    const shard = { ...this.#copy(examples, sparse, nonZeros), longestRow };
    this.#shards.set(examples, shard);
    return shard;
  }

  #copy(dataset: Dataset, sparse: boolean, nonZeros: number): Omit<Shard, 'longestRow'> {
    const arena = this.#arena;
    const { examples, featureCount } = dataset;
    const labels = arena.allocate(4 * examples);
    // Kernels may read a few values past the last row.
    const features = arena.allocate(sparse ? 0 : roundUp(4 * examples * featureCount + 32, 16));
    const rowStarts = arena.allocate(sparse ? 4 * (examples + 1) : 0);
    const entries = arena.allocate(8 * (sparse ? nonZeros : 0));
    arena.uint32(labels, examples).set(dataset.labels);
    if (dataset.indexed !== undefined) {
      if (sparse) this.#bytes.list(dataset, rowStarts, entries);
      else this.#bytes.expand(dataset, features);
    } else if (!sparse) arena.float32(features, examples * featureCount).set(dataset.features);
    else if (dataset.sparse === undefined) this.#listDense(dataset, rowStarts, entries, nonZeros);
    else {
      arena.uint32(rowStarts, examples + 1).set(dataset.sparse.rowStarts);
      const columns = arena.uint32(entries, 2 * nonZeros);
      const values = arena.float32(entries, 2 * nonZeros);
      for (let at = 0; at < nonZeros; at++) {
        columns[2 * at] = dataset.sparse.columns[at];
        values[2 * at + 1] = dataset.sparse.values[at];
      }
    }
    return { examples, sparse: sparse ? 1 : 0, features, rowStarts, entries, labels };
  }

  #listDense({ examples, featureCount, features }: Dataset, starts: number, entries: number, nonZeros: number): void {
    const rowStarts = this.#arena.uint32(starts, examples + 1);
    const columns = this.#arena.uint32(entries, 2 * nonZeros);
    const values = this.#arena.float32(entries, 2 * nonZeros);
    let at = 0;
    for (let row = 0; row < examples; row++) {
      rowStarts[row] = at / 2;
      const from = row * featureCount;
      for (let column = 0; column < featureCount; column++) {
        const value = features[from + column];
        if (value === 0) continue;
        columns[at] = column;
        values[at + 1] = value;
        at += 2;
      }
    }
    rowStarts[examples] = at / 2;
  }
}
