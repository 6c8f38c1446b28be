/**
 * One thread's linear memory: a bump allocator over it, and the two records by which host and module agree
 * (./assembly/job.ts has the same fields in the same order, 4 bytes each).
 */
import { FedtempoError } from '../errors.js';
import { PAGE_BYTES, type WasmMemory } from './webassembly.js';

export const layerFields = [
  'inputs',
  'outputs',
  'stride',
  'inputStride',
  'weights',
  'biases',
  'input',
  'output',
  'delta',
] as const;

export const jobFields = [
  'layerCount',
  'layers',
  'activation',
  'loss',
  'weights',
  'blockBytes',
  'gradient',
  'm',
  'v',
  'anchor',
  'correction',
  'optimizer',
  'constants',
  'flat',
  'examples',
  'classCount',
  'sparse',
  'features',
  'rowStarts',
  'entries',
  'labels',
  'order',
  'steps',
  'batchSizes',
  'learningRates',
  'momenta',
  'weightDecays',
  'clipNorms',
  'proximals',
  'transposed',
  'zeros',
  'columnCounts',
  'columnsTouched',
  'narrowGradient',
  'columnLists',
  'columnEntries',
  'classExamples',
  'classCorrect',
  'confusion',
  'correct',
  'evaluationRows',
] as const;

export type LayerRecord = Record<(typeof layerFields)[number], number>;
export type JobRecord = Record<(typeof jobFields)[number], number>;

/** Arrays begin at multiples of a cache line. */
const ALIGNMENT = 64;
/** The lowest address handed out, so that 0 means "none". */
const FIRST = 1024;
const MAX_BYTES = 65_536 * PAGE_BYTES;
/** What memory grows by at least; pages that nobody touches cost nothing. */
const GROW_BYTES = 8 * 2 ** 20;

/** `value` rounded up to a multiple of `unit`. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

export class Arena {
  readonly #memory: WasmMemory;
  #next = FIRST;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  /** Address of `bytes` fresh bytes; zero unless the place was used and released before. */
  allocate(bytes: number): number {
    const address = this.#next;
    const end = roundUp(address + bytes, ALIGNMENT);
    if (end > MAX_BYTES) {
      throw new FedtempoError('MODEL_INVALID', 'model, batch and shard do not fit the 4 GiB of one core', {
        where: 'kernels',
        found: `${end} bytes`,
        expected: `at most ${MAX_BYTES}`,
        fix: 'use smaller batches or shards',
      });
    }
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#grow(missing);
    this.#next = end;
    return address;
  }

  /** Grows in large steps: each one gives the memory a new buffer, and a thousand small ones keep the collector busy. */
  #grow(missing: number): void {
    const bytes = this.#memory.buffer.byteLength;
    const step = Math.min(Math.max(missing, GROW_BYTES), MAX_BYTES - bytes);
    this.#memory.grow(Math.ceil(step / PAGE_BYTES));
  }

  /** Where the next array will begin. */
  get mark(): number {
    return this.#next;
  }

  /** Gives back everything from `mark` on. */
  release(mark: number): void {
    this.#next = mark;
  }

  /** Copies bytes that lie in the arena already. */
  copy(from: number, to: number, bytes: number): void {
    new Uint8Array(this.#memory.buffer).copyWithin(to, from, from + bytes);
  }

  /** Views last until the next `allocate`, which may move the memory. */
  uint8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  uint32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, length);
  }

  float64(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }
}
