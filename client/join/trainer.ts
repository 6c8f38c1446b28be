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
  | { readonly kind: 'own'; readonly data: OwnData | AskForData; readonly parts: number };

/** What a coordinator asks of data. */
export interface Wanted {
  /** Names the run. */
  readonly run: string;
  /** d */
  readonly features: number;
  /** k: labels are 0 to k − 1 */
  readonly classes: number;
}

/** Gives the data once it is known what for; asked again when a run wants other ones. What it throws ends the clients. */
export type AskForData = (wanted: Wanted) => OwnData | Promise<OwnData>;

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
  /** n of own data, once they are there. */
  #examples = 0;
  /** Of a start that waited for data and finds another number, the result is not wanted any more. */
  #starts = 0;
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
      const starting = this.#start(assignment);
      this.#ready = starting;
      // Whoever waits for it hears of a failure; the next assignment begins anew.
      starting.catch((error) => {
        if (this.#ready === starting) this.#end(error);
      });
    }
    const ready = this.#ready;
    const declaration = await ready;
    const holding = this.#holding;
    if (holding.kind === 'simulated') return declaration;
    this.#post({ type: 'host', client: hosting.index, part });
    return { ...declaration, examples: rowsOf(this.#examples, holding.parts, part) };
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

  async #start({ run, seed, data, model, features, classes }: Assignment): Promise<Declaration> {
    const common = { seed, model, features, classes, kernels: this.#kernels };
    const start = this.#starts;
    const holding = await held(this.#holding, data, { run, features, classes });
    if (this.#starts !== start) throw new Error('another run has begun, or the client is stopping');
    if (holding.kind === 'own') this.#examples = holding.data.examples;
    const workerData: TrainerData = { ...common, holding };
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
    this.#starts += 1;
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
    void worker?.terminate();
  }

  #post(message: ToTrainer, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}

/** What is read, and from where: decided by whoever runs the client, never by the coordinator. */
async function held(
  holding: Holding,
  { folder: _, test: __, ...data }: Assignment['data'],
  wanted: Wanted,
): Promise<TrainerData['holding']> {
  if (holding.kind === 'simulated') return { kind: 'simulated', data: simulated(data, holding.folder) };
  const { parts } = holding;
  const own = typeof holding.data === 'function' ? await holding.data(wanted) : holding.data;
  if (own.examples < parts) throw new Error(`${own.examples} examples cannot be dealt among ${parts} clients`);
  return { kind: 'own', data: own, parts };
}

/** The coordinator's folder names are those of its own machine; followed here, they could name any file of this one. */
function simulated(data: Assignment['data'], folder: string | undefined): Assignment['data'] {
  if (data.dataset === 'own') throw new Error('the scenario has no dataset to simulate a shard of; join with --data');
  if (folder !== undefined) return { ...data, folder };
  if (COMES_WITH_A_PACKAGE.has(data.dataset)) return data;
  throw new Error(`the files of dataset ${data.dataset} come with no package: name their folder with --data`);
}

const COMES_WITH_A_PACKAGE: ReadonlySet<string> = new Set(['mnist', 'digits', 'xor']);

/** Rows of part i of n rows dealt in turn among `parts`. */
export function rowsOf(n: number, parts: number, part: number): number {
  return Math.floor((n - part + parts - 1) / parts);
}
