/** A core over one WebAssembly instance: copies in what a call needs, makes the call, and reads out what it gave. */
import type { Dataset } from '../data/dataset.js';
import { activations, losses, type Model } from '../model/model.js';
import { clientOptimizers, plainSgd } from '../optimizer/client-optimizer.js';
import { Arena, type JobRecord, jobFields, layerFields, roundUp } from './arena.js';
import { type ByteExports, ByteRows } from './byte-rows.js';
import { checkOptions, checkShape, checkSteps } from './check.js';
import type { Core, EvaluationTotals, StepTable, TrainingTotals, TrainOptions } from './kernels.js';
import { MAX_CONFUSION_CLASSES } from './kernels.js';
import { type Shard, ShardStore } from './shard.js';
import type { WasmInstance, WasmMemory } from './webassembly.js';
import { blockBytes, type Need, type OptionalBlock, optionalColumns, PANEL_COLUMNS, Workspace } from './workspace.js';

/** Rows that evaluation takes at a time; it changes no bit, since rows do not meet. */
const EVALUATION_ROWS = 60;

const emptyTable: StepTable = { batchSizes: new Uint32Array(0), learningRates: new Float32Array(0) };
const emptyOrder = new Uint32Array(0);

/** What the module exports (./assembly/index.ts). */
interface Exports extends ByteExports {
  readonly memory: WasmMemory;
  pack(job: number, block: number): void;
  unpack(job: number, block: number): void;
  unpackDifference(job: number, block: number, start: number): void;
  train(job: number): number;
  evaluate(job: number): number;
}

export class WasmCore implements Core {
  readonly #model: Model;
  readonly #exports: Exports;
  readonly #arena: Arena;
  readonly #workspace: Workspace;
  readonly #shards: ShardStore;
  /** Address of the job record, and the fields that never change. */
  readonly #address: number;
  readonly #fixed: Partial<JobRecord>;
  #examples: Dataset | undefined;
  /** Block of the weights that updates began with last, and those weights. */
  readonly #startBlock: number;
  #start: Float32Array | undefined;

  constructor(model: Model, instance: WasmInstance, shardBytes: number) {
    this.#model = model;
    this.#exports = instance.exports as Exports;
    const arena = new Arena(this.#exports.memory);
    this.#arena = arena;
    const [inputs, layerCount] = [model.widths[0], model.layout.layers.length];
    const narrow = model.widths[1] <= PANEL_COLUMNS;
    this.#address = arena.allocate(4 * jobFields.length);
    this.#fixed = {
      layerCount,
      layers: arena.allocate(4 * layerFields.length * layerCount),
      activation: activations.indexOf(model.activation),
      loss: losses.indexOf(model.loss),
      weights: arena.allocate(blockBytes(model)),
      blockBytes: blockBytes(model),
      constants: arena.allocate(8 * 4),
      flat: arena.allocate(4 * model.layout.parameters),
      columnCounts: arena.allocate(4 * inputs),
      columnsTouched: arena.allocate(4 * (inputs + 1)),
      narrowGradient: narrow ? arena.allocate(4 * PANEL_COLUMNS * inputs) : 0,
      columnLists: arena.allocate(12 * inputs),
      zeros: arena.allocate(4 * roundUp(Math.max(...model.widths), PANEL_COLUMNS)),
      evaluationRows: EVALUATION_ROWS,
    };
    this.#startBlock = arena.allocate(blockBytes(model));
    const bytes = new ByteRows(arena, this.#exports, inputs);
    this.#workspace = new Workspace(model, arena, this.#fixed.layers!);
    this.#shards = new ShardStore(arena, bytes, shardBytes);
  }

  load(examples: Dataset): void {
    checkShape(this.#model, examples);
    this.#shards.place(examples);
    this.#examples = examples;
  }

  train(weights: Float32Array, order: Uint32Array, steps: StepTable, options: TrainOptions = {}): TrainingTotals {
    this.#ready(weights, order, steps, options);
    this.#pack(weights, this.#fixed.weights!);
    const lossSum = this.#exports.train(this.#address);
    this.#exports.unpack(this.#address, this.#fixed.weights!);
    weights.set(this.#arena.float32(this.#fixed.flat!, weights.length));
    return { examples: order.length, lossSum, correct: this.#correct() };
  }

  update(
    start: Float32Array,
    delta: Float32Array,
    order: Uint32Array,
    steps: StepTable,
    options: TrainOptions = {},
  ): TrainingTotals {
    this.#ready(start, order, steps, options);
    const weights = this.#fixed.weights!;
    if (this.#start !== start) this.#pack(start, this.#startBlock);
    this.#start = start;
    this.#arena.copy(this.#startBlock, weights, this.#fixed.blockBytes!);
    const lossSum = this.#exports.train(this.#address);
    this.#exports.unpackDifference(this.#address, weights, this.#startBlock);
    delta.set(this.#arena.float32(this.#fixed.flat!, delta.length));
    return { examples: order.length, lossSum, correct: this.#correct() };
  }

  /** Checks a training and lays everything out for it but its weights. */
  #ready(weights: Float32Array, order: Uint32Array, steps: StepTable, options: TrainOptions): void {
    const { examples, rows } = checkSteps(this.#model, this.#examples, weights, order, steps);
    checkOptions(this.#model, options);
    const { correction, optimizer = plainSgd } = options;
    const blocks = blocksFor(steps, options);
    const shard = this.#prepare(examples, { rows, order: order.length, steps: steps.batchSizes.length, blocks });
    this.#place('order', order);
    this.#place('batchSizes', steps.batchSizes);
    this.#place('learningRates', steps.learningRates);
    for (const column of optionalColumns) if (steps[column] !== undefined) this.#place(column, steps[column]);
    const { beta1, beta2, epsilon, momentum } = optimizer;
    this.#arena.float64(this.#fixed.constants!, 4).set([beta1, beta2, epsilon, momentum]);
    this.#begin(shard, {
      steps: steps.batchSizes.length,
      optimizer: clientOptimizers.indexOf(optimizer.kind),
      ...absent(steps, options),
    });
    if (correction !== undefined) this.#pack(correction, this.#workspace.places.correction!);
  }

  evaluate(weights: Float32Array): EvaluationTotals {
    const { examples } = checkSteps(this.#model, this.#examples, weights, emptyOrder, emptyTable);
    const need = { rows: EVALUATION_ROWS, order: EVALUATION_ROWS, steps: 0, blocks: new Set<OptionalBlock>() };
    const shard = this.#prepare(examples, need);
    const k = examples.classCount;
    const cells = k > MAX_CONFUSION_CLASSES ? 0 : k ** 2;
    const mark = this.#arena.mark;
    const counts = this.#arena.allocate(4 * (2 * k + cells));
    this.#arena.uint32(counts, 2 * k + cells).fill(0);
    const confusion = cells === 0 ? 0 : counts + 8 * k;
    this.#begin(shard, { classCount: k, classExamples: counts, classCorrect: counts + 4 * k, confusion });
    this.#pack(weights, this.#fixed.weights!);
    const lossSum = this.#exports.evaluate(this.#address);
    const counted = this.#arena.uint32(counts, 2 * k + cells);
    this.#arena.release(mark);
    return {
      examples: examples.examples,
      lossSum,
      correct: this.#correct(),
      classExamples: counted.slice(0, k),
      classCorrect: counted.slice(k, 2 * k),
      confusion: counted.slice(2 * k),
    };
  }

  /** Makes room, which may move the shards, and finds the shard. */
  #prepare(examples: Dataset, need: Omit<Need, 'entries'>): Shard {
    const shard = this.#shards.place(examples);
    const entries = shard.sparse === 1 ? need.rows * shard.longestRow : 0;
    if (!this.#workspace.reserve({ ...need, entries })) return shard;
    this.#shards.restart();
    return this.#shards.place(examples);
  }

  #place(field: 'order' | keyof StepTable, values: Uint32Array | Float32Array): void {
    const address = this.#workspace.places[field]!;
    if (values instanceof Float32Array) this.#arena.float32(address, values.length).set(values);
    else this.#arena.uint32(address, values.length).set(values);
  }

  /** Writes the job record. */
  #begin(shard: Shard, call: Partial<JobRecord>): void {
    const { places } = this.#workspace;
    const of: Partial<JobRecord> = shard;
    const record = this.#arena.uint32(this.#address, jobFields.length);
    // Looked up field by field: to spread four objects into a fifth took as long as ten steps of a small model.
    for (let index = 0; index < jobFields.length; index++) {
      const field = jobFields[index];
      record[index] = call[field] ?? of[field] ?? places[field] ?? this.#fixed[field] ?? 0;
    }
  }

  #pack(flat: Float32Array, block: number): void {
    this.#arena.float32(this.#fixed.flat!, flat.length).set(flat);
    this.#exports.pack(this.#address, block);
  }

  #correct(): number {
    return this.#arena.uint32(this.#address, jobFields.length)[jobFields.indexOf('correct')];
  }
}

function blocksFor(steps: StepTable, { optimizer = plainSgd, correction }: TrainOptions): Set<OptionalBlock> {
  const blocks = new Set<OptionalBlock>();
  const { kind } = optimizer;
  if (kind !== 'sgd') blocks.add('v');
  if (kind === 'adam' || kind === 'adamW') blocks.add('m');
  if (steps.proximals !== undefined) blocks.add('anchor');
  if (correction !== undefined) blocks.add('correction');
  if (blocks.size > 0 || steps.weightDecays !== undefined || steps.clipNorms !== undefined) blocks.add('gradient');
  return blocks;
}

/** Null addresses for what this training does without, though there may be room for it. */
function absent(steps: StepTable, { correction }: TrainOptions): Partial<JobRecord> {
  const none: Partial<JobRecord> = {};
  for (const column of optionalColumns) if (steps[column] === undefined) none[column] = 0;
  if (correction === undefined) none.correction = 0;
  return none;
}
