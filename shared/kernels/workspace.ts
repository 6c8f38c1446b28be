/**
 * The working part of a core's arena: order, step table, activations, deltas, batch lists and optional blocks. It is laid
 * out for the largest call so far and anew only when a larger one comes; sizes double, so that happens a few times in all.
 */
import type { Model } from '../model/model.js';
import { type Arena, type JobRecord, layerFields, roundUp } from './arena.js';

/** Padding rows that tiles and transpositions may touch beyond the last. */
const SPARE_ROWS = 8;

/** Columns of a panel of W (./assembly/product.ts). */
export const PANEL_COLUMNS = 16;

/** Parameter-shaped arrays that only some trainings need. */
export const optionalBlocks = ['gradient', 'm', 'v', 'anchor', 'correction'] as const;
export type OptionalBlock = (typeof optionalBlocks)[number];

/** The columns of a step table that may be left out. */
export const optionalColumns = ['momenta', 'weightDecays', 'clipNorms', 'proximals'] as const;

/** What a call needs room for. */
export interface Need {
  /** Rows of the largest batch. */
  readonly rows: number;
  readonly order: number;
  readonly steps: number;
  /** Non-zeros of a batch. */
  readonly entries: number;
  readonly blocks: ReadonlySet<OptionalBlock>;
}

type Places = Partial<Record<keyof JobRecord, number>>;

export class Workspace {
  readonly #model: Model;
  readonly #arena: Arena;
  /** Where the working part begins. */
  readonly #mark: number;
  #room: Need = { rows: 0, order: 0, steps: 0, entries: 0, blocks: new Set() };
  /** Addresses of the arrays, by their job field. */
  readonly places: Places = {};

  /** Takes the arena from its present mark on; `layers` is the address of the layer records. */
  constructor(
    model: Model,
    arena: Arena,
    readonly layers: number,
  ) {
    this.#model = model;
    this.#arena = arena;
    this.#mark = arena.mark;
  }

  /** Makes room for `need`. True if that moved everything behind: what lay there is gone. */
  reserve(need: Need): boolean {
    const had = this.#room;
    const blocks = new Set([...had.blocks, ...need.blocks]);
    const fits =
      need.rows <= had.rows && need.order <= had.order && need.steps <= had.steps && need.entries <= had.entries;
    if (fits && blocks.size === had.blocks.size) return false;
    this.#room = {
      rows: doubled(need.rows, had.rows),
      order: doubled(need.order, had.order),
      steps: doubled(need.steps, had.steps),
      entries: doubled(need.entries, had.entries),
      blocks,
    };
    this.#arena.release(this.#mark);
    this.#layOut(this.#room);
    return true;
  }

  #layOut(room: Need): void {
    const arena = this.#arena;
    const rows = room.rows + SPARE_ROWS;
    for (const block of optionalBlocks) {
      const bytes = room.blocks.has(block) ? blockBytes(this.#model) : 0;
      this.places[block] = bytes === 0 ? 0 : arena.allocate(bytes);
      // Padding columns must be zero, and the place may have been used for something else.
      arena.uint32(this.places[block], bytes / 4).fill(0);
    }
    this.places.order = arena.allocate(4 * room.order);
    for (const column of ['batchSizes', 'learningRates', ...optionalColumns] as const) {
      this.places[column] = arena.allocate(4 * room.steps);
    }
    this.places.columnEntries = arena.allocate(8 * room.entries);
    this.places.transposed = arena.allocate(this.#transposedBytes(rows));
    this.#layOutLayers(rows);
  }

  /** Room for the transpose of any batch-shaped input, and of any W but the first. */
  #transposedBytes(rows: number): number {
    const { layers } = this.#model.layout;
    const batches = layers.map(({ inputs }) => 4 * (inputs + SPARE_ROWS) * rows);
    const weights = layers.slice(1).map(({ inputs, outputs }) => weightBytes(outputs, inputs));
    return Math.max(...batches, ...weights);
  }

  #layOutLayers(rows: number): void {
    const { layers } = this.#model.layout;
    let inputStride = layers[0].inputs;
    // Tiles may read a few values past the last row.
    let input = this.#arena.allocate(4 * inputStride * rows + 32);
    let block = 0;
    layers.forEach((layer, index) => {
      const stride = roundUp(layer.outputs, 4);
      const output = this.#arena.allocate(4 * rows * stride);
      // The last layer's δ takes the place of its outputs.
      const delta = index + 1 === layers.length ? output : this.#arena.allocate(4 * rows * stride);
      const { inputs, outputs } = layer;
      const biases = block + weightBytes(inputs, outputs);
      const record = { inputs, outputs, stride, inputStride, weights: block, biases, input, output, delta };
      const at = this.layers + 4 * layerFields.length * index;
      this.#arena.uint32(at, layerFields.length).set(layerFields.map((field) => record[field]));
      input = output;
      inputStride = stride;
      block = biases + biasBytes(outputs);
    });
  }
}

/** Bytes of one block: all layers' W in panels, and b. */
export function blockBytes({ layout }: Model): number {
  return layout.layers.reduce((sum, { inputs, outputs }) => sum + weightBytes(inputs, outputs) + biasBytes(outputs), 0);
}

/** W in panels of 16 columns (the last one 4, 8 or 12 wide, but with room for 16), rows padded to a multiple of 4. */
function weightBytes(inputs: number, outputs: number): number {
  return 4 * roundUp(outputs, PANEL_COLUMNS) * roundUp(inputs, 4);
}

function biasBytes(outputs: number): number {
  return roundUp(4 * roundUp(outputs, 4), 64);
}

/** `had` if that is enough, else the next power of two from `need` on. */
function doubled(need: number, had: number): number {
  if (need <= had) return had;
  let size = 1;
  while (size < need) size *= 2;
  return size;
}
