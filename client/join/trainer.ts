/**
 * The thread in which the clients of this process train, one task after the other, and the event loop's handle on it. It is
 * started with the first assignment and kept over reconnections: a client that comes back does not read its data again.
 */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../shared/errors.js';
import type { KernelsName } from '../../shared/kernels/choose.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import type { RoundContent } from '../../shared/protocol/round-frame.js';
import type { Update } from '../../shared/training/reply.js';
import type { OwnData } from '../data/own-data.js';
import type { FromTrainer, ToTrainer, TrainerData } from './trainer-messages.js';

export type Assignment = Extract<ServerMessage, { type: 'assign' }>;

/** What the clients of a process have. */
export type Holding =
  /** Shards of the scenario's own dataset. @param folder of its files, where it is not one that comes with a package */
  | { readonly kind: 'simulated'; readonly folder?: string | undefined }
  /** Data of their own, dealt among the clients of the process. */
  | { readonly kind: 'own'; readonly data: OwnData; readonly parts: number };

/** What a client declares. */
export interface Declaration {
  readonly datasetDigest?: string;
  readonly clients: number;
  readonly examples: number;
  readonly features: number;
  readonly classes: number;
}

export class Trainer {
  readonly #holding: Holding;
  readonly #kernels: KernelsName;
  #worker: Worker | undefined;
  #assigned = '';
  #ready: Promise<Declaration> | undefined;
  #next = 0;
  readonly #open = new Map<number, { resolve: (update: Update) => void; reject: (error: Error) => void }>();

  constructor(holding: Holding, kernels: KernelsName) {
    this.#holding = holding;
    this.#kernels = kernels;
  }

  /**
   * Has the data ready for an assignment.
   *
   * @param part which of the clients of this process it is, from 0
   * @returns what the client declares; rejects if the data cannot be had
   */
  async prepare(assignment: Assignment, part: number): Promise<Declaration> {
    const { run: _, hosting, protocol: __, datasetDigest: ___, folder: ____, type: _____, ...facts } = assignment;
    const assigned = JSON.stringify(facts);
    if (this.#ready === undefined || this.#assigned !== assigned) {
      this.#end(new Error('another run has begun'));
      this.#assigned = assigned;
      this.#ready = this.#start(assignment);
      // Whoever waits for it hears of a failure.
      this.#ready.catch(() => {});
    }
    const ready = this.#ready;
    const declaration = await ready;
    const holding = this.#holding;
    if (holding.kind === 'simulated') return declaration;
    this.#post({ type: 'host', client: hosting.index, part });
    return { ...declaration, examples: rowsOf(holding.data.examples, holding.parts, part) };
  }

  /** @param content its arrays are handed over: the caller must not use them again */
  train(content: RoundContent, client: number): Promise<Update> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#post({ type: 'train', id, client, content }, [content.weights.buffer as ArrayBuffer]);
    });
  }

  /** Ends the thread, in the middle of training if need be. */
  stop(): void {
    this.#end(new Error('the client is stopping'));
  }

  #start({ seed, data, model, features, classes }: Assignment): Promise<Declaration> {
    const holding = this.#holding;
    const common = { seed, model, features, classes, kernels: this.#kernels };
    const folder = holding.kind === 'simulated' ? holding.folder : undefined;
    if (holding.kind === 'simulated' && data.dataset === 'own') {
      return Promise.reject(new Error('the scenario has no dataset to simulate a shard of; join with --data'));
    }
    const workerData: TrainerData =
      holding.kind === 'simulated'
        ? { ...common, holding: { kind: 'simulated', data: folder === undefined ? data : { ...data, folder } } }
        : { ...common, holding };
    const worker = new Worker(new URL('./trainer-thread.js', import.meta.url), { workerData });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        reject(error);
        if (this.#worker === worker) this.#end(error);
      };
      worker.on('message', (message: FromTrainer) => {
        if (message.type === 'ready') return resolve(message.declaration);
        if (message.type === 'failed') return fail(new Error(message.reason));
        const open = this.#open.get(message.id);
        this.#open.delete(message.id);
        if (message.type === 'update') open?.resolve(message.update);
        else open?.reject(new Error(message.reason));
      });
      worker.on('error', (error) => fail(new Error(messageOf(error))));
      worker.on('exit', (code) => fail(new Error(`the training thread ended with ${code}`)));
    });
  }

  #end(error: Error): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = undefined;
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
    void worker?.terminate();
  }

  #post(message: ToTrainer, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}

/** Rows of part i of n rows dealt in turn among `parts`. */
export function rowsOf(n: number, parts: number, part: number): number {
  return Math.floor((n - part + parts - 1) / parts);
}
