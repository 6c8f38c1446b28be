/** A core over one WebAssembly instance: lays out its arena, copies in what a call needs, and makes the call. */
import type { Dataset } from '../data/dataset.js';
import { activations, losses, type Model } from '../model/model.js';
import { Arena, type JobRecord, jobFields, layerFields, roundUp } from './arena.js';
import { checkShape, checkSteps } from './check.js';
import type { Core, EvaluationTotals, StepTable, TrainingTotals } from './kernels.js';
import { type Shard, ShardStore } from './shard.js';
import type { WasmInstance, WasmMemory } from './webassembly.js';

/** Rows that evaluation takes at a time; it changes no bit, since rows do not meet. */
const EVALUATION_ROWS = 60;
/** Padding rows that tiles and transpositions may touch beyond the last. */
const SPARE_ROWS = 8;

/** What the module exports (./assembly/index.ts). */
interface Exports {
  readonly memory: WasmMemory;
  pack(job: number, block: number): void;
  unpack(job: number, block: number): void;
  train(job: number): number;
  evaluate(job: number): number;
}

/** How much the arena's working part has room for. */
interface Room {
  readonly rows: number;
  readonly order: number;
  readonly steps: number;
  /** Non-zeros of a batch. */
  readonly entries: number;
}

export class WasmCore implements Core {
  readonly #model: Model;
  readonly #exports: Exports;
  readonly #arena: Arena;
  readonly #jobAddress: number;
  readonly #job: Partial<JobRecord> = {};
  readonly #shards: ShardStore;
  /** Where the working part begins. */
  readonly #workMark: number;
  #room: Room = { rows: 0, order: 0, steps: 0, entries: 0 };
  #examples: Dataset | undefined;

  constructor(model: Model, instance: WasmInstance, shardBytes: number) {
    this.#model = model;
    this.#exports = instance.exports as Exports;
    this.#arena = new Arena(this.#exports.memory);
    const { layers, parameters } = model.layout;
    this.#jobAddress = this.#arena.allocate(4 * jobFields.length);
    this.#job.layerCount = layers.length;
    this.#job.layers = this.#arena.allocate(4 * layerFields.length * layers.length);
    this.#job.activation = activations.indexOf(model.activation);
    this.#job.loss = losses.indexOf(model.loss);
    this.#job.flat = this.#arena.allocate(4 * parameters);
    this.#job.weights = this.#arena.allocate(this.#blockBytes());
    this.#job.columnCounts = this.#arena.allocate(4 * model.widths[0]);
    this.#job.columnsTouched = this.#arena.allocate(4 * (model.widths[0] + 1));
    this.#workMark = this.#arena.mark;
    this.#shards = new ShardStore(this.#arena, shardBytes);
  }

  load(examples: Dataset): void {
    checkShape(this.#model, examples);
    this.#shards.place(examples);
    this.#examples = examples;
  }

  train(weights: Float32Array, order: Uint32Array, steps: StepTable): TrainingTotals {
    const { examples, rows } = checkSteps(this.#model, this.#examples, weights, order, steps);
    const count = steps.batchSizes.length;
    const shard = this.#prepare(examples, { rows, order: order.length, steps: count });
    const job = this.#job as JobRecord;
    this.#arena.uint32(job.order, order.length).set(order);
    this.#arena.uint32(job.batchSizes, count).set(steps.batchSizes);
    this.#arena.float32(job.learningRates, count).set(steps.learningRates);
    this.#begin(shard, weights, count);
    const lossSum = this.#exports.train(this.#jobAddress);
    this.#exports.unpack(this.#jobAddress, job.weights);
    weights.set(this.#arena.float32(job.flat, weights.length));
    return { examples: order.length, lossSum, correct: this.#correct() };
  }

  evaluate(weights: Float32Array): EvaluationTotals {
    const none = { batchSizes: new Uint32Array(0), learningRates: new Float32Array(0) };
    const { examples } = checkSteps(this.#model, this.#examples, weights, new Uint32Array(0), none);
    const shard = this.#prepare(examples, { rows: EVALUATION_ROWS, order: EVALUATION_ROWS, steps: 0 });
    const cells = examples.classCount ** 2;
    const mark = this.#arena.mark;
    const address = this.#arena.allocate(4 * cells);
    this.#arena.uint32(address, cells).fill(0);
    this.#job.confusion = address;
    this.#begin(shard, weights, 0);
    const lossSum = this.#exports.evaluate(this.#jobAddress);
    const confusion = this.#arena.uint32(address, cells).slice();
    this.#arena.release(mark);
    return { examples: examples.examples, lossSum, correct: this.#correct(), confusion };
  }

  /** Makes room, which may move the shards, and finds the shard. */
  #prepare(examples: Dataset, need: Omit<Room, 'entries'>): Shard {
    const shard = this.#shards.place(examples);
    const entries = shard.sparse === 1 ? need.rows * shard.longestRow : 0;
    if (this.#reserve({ ...need, entries })) return this.#shards.place(examples);
    return shard;
  }

  #begin(shard: Shard, weights: Float32Array, steps: number): void {
    const { classCount } = this.#examples!;
    const { longestRow: _, ...place } = shard;
    Object.assign(this.#job, place, { steps, classCount, evaluationRows: EVALUATION_ROWS });
    const record = this.#arena.uint32(this.#jobAddress, jobFields.length);
    for (let index = 0; index < jobFields.length; index++) record[index] = this.#job[jobFields[index]] ?? 0;
    this.#arena.float32(this.#job.flat!, weights.length).set(weights);
    this.#exports.pack(this.#jobAddress, this.#job.weights!);
  }

  #correct(): number {
    return this.#arena.uint32(this.#jobAddress, jobFields.length)[jobFields.indexOf('correct')];
  }

  /** Bytes of one block: all layers' W and b, with padding columns to a multiple of 4 and padding rows. */
  #blockBytes(): number {
    return this.#model.layout.layers.reduce((sum, { inputs, outputs }) => sum + layerBytes(inputs, outputs), 0);
  }

  /** Lays the working part out anew if something does not fit; then all shards are gone. */
  #reserve(need: Room): boolean {
    const had = this.#room;
    const fits =
      need.rows <= had.rows && need.order <= had.order && need.steps <= had.steps && need.entries <= had.entries;
    if (fits) return false;
    const room = {
      rows: Math.max(need.rows, had.rows),
      order: Math.max(need.order, had.order),
      steps: Math.max(need.steps, had.steps),
      entries: Math.max(need.entries, had.entries),
    };
    this.#room = room;
    const arena = this.#arena;
    arena.release(this.#workMark);
    const widest = Math.max(...this.#model.widths);
    const rows = room.rows + SPARE_ROWS;
    this.#job.order = arena.allocate(4 * room.order);
    this.#job.batchSizes = arena.allocate(4 * room.steps);
    this.#job.learningRates = arena.allocate(4 * room.steps);
    this.#job.columnEntries = arena.allocate(8 * room.entries);
    this.#job.deltaTransposed = arena.allocate(4 * (widest + SPARE_ROWS) * rows);
    this.#job.inputTransposed = arena.allocate(4 * (widest + SPARE_ROWS) * rows);
    this.#job.zeros = arena.allocate(4 * rows);
    const inputs = arena.allocate(4 * this.#model.widths[0] * rows + 32);
    this.#layOutLayers(inputs, rows);
    arena.float32(this.#job.zeros, rows).fill(0);
    this.#shards.restart();
    return true;
  }

  #layOutLayers(inputs: number, rows: number): void {
    const { layers } = this.#model.layout;
    let [input, inputStride, block] = [inputs, layers[0].inputs, 0];
    layers.forEach((layer, index) => {
      const stride = roundUp(layer.outputs, 4);
      const output = this.#arena.allocate(4 * rows * stride);
      const delta = index + 1 === layers.length ? output : this.#arena.allocate(4 * rows * stride);
      const bytes = layerBytes(layer.inputs, layer.outputs);
      const biases = block + bytes - roundUp(4 * stride, 64);
      const record = {
        inputs: layer.inputs,
        outputs: layer.outputs,
        stride,
        inputStride,
        weights: block,
        biases,
        input,
        output,
        delta,
      };
      const at = this.#job.layers! + 4 * layerFields.length * index;
      this.#arena.uint32(at, layerFields.length).set(layerFields.map((field) => record[field]));
      [input, inputStride, block] = [output, stride, block + bytes];
    });
  }
}

/** Bytes of one layer in a block. */
function layerBytes(inputs: number, outputs: number): number {
  const stride = roundUp(outputs, 4);
  return roundUp(4 * stride * roundUp(inputs, 5), 64) + roundUp(4 * stride, 64);
}
