/**
 * The states of the clients seen so far: in memory up to a stated number of bytes, the least recently used beyond it in a
 * file. Costs the clients seen, never the population.
 *
 * A version of a state never changes. A round makes new ones, which take the place of the old when it is committed. So a
 * version that was written to the file stays good there, and a checkpoint writes only what is new since the last one.
 */
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.js';
import type { LentState } from '../../shared/federation/client-state.js';
import { Arrays } from './arrays.js';
import type { RoundStates } from './round-states.js';
import { type Slot, SlotFile } from './slot-file.js';
import {
  damaged,
  generationText,
  parseGeneration,
  readIndex,
  removeIndex,
  type StoredState,
  slotsOf,
  writeIndex,
} from './state-index.js';

export interface ClientStateOptions {
  /** p */
  readonly parameters: number;
  /** Bytes of states that memory may hold. What is lent at a time is held in any case. */
  readonly memoryBytes: number;
  /** Where the states go that memory cannot hold, and those of checkpoints. */
  readonly directory: string;
}

interface Version {
  /** Undefined while it is in the file alone. */
  values: Float32Array | undefined;
  /** Its place in the file; undefined while it is in memory alone. */
  stored: Slot | undefined;
}

interface Loan {
  readonly before: Version | undefined;
  readonly after: Version;
}

/** Generations whose slots are kept: those of the newest checkpoint and the one before it, and the one being written. */
const KEPT_GENERATIONS = 3;

const FILE = 'client-states.bin';

export class ClientStateStore implements RoundStates {
  /** Rounds that ended, committed or not: says whether what is here belongs to a checkpoint's other parts. */
  rounds = 0;
  readonly #options: ClientStateOptions;
  readonly #arrays: Arrays;
  readonly #current = new Map<number, Version>();
  readonly #staged = new Map<number, Version>();
  readonly #loans = new Map<number, Loan>();
  /** In memory and not lent, the least recently used first. */
  readonly #idle = new Set<Version>();
  #generations: { number: number; slots: Uint32Array }[] = [];
  #file: SlotFile | undefined;

  constructor(options: ClientStateOptions) {
    this.#options = options;
    this.#arrays = new Arrays(options.parameters, Math.floor(options.memoryBytes / (4 * options.parameters)));
  }

  get room(): number {
    return Math.max(1, Math.floor(this.#arrays.most / 2));
  }

  /** Clients that have a state. */
  get clients(): number {
    return this.#current.size;
  }

  /** A copy of a client's state [p]; undefined for zeros. */
  read(client: number): Float32Array | undefined {
    const version = this.#current.get(client);
    return version && this.#load(version).slice();
  }

  lend(client: number): LentState {
    if (this.#loans.has(client) || this.#staged.has(client))
      throw new RangeError(`client ${client} has its state lent`);
    const before = this.#current.get(client);
    const values = before && this.#load(before);
    if (before !== undefined) this.#idle.delete(before);
    const after: Version = { values: this.#take(), stored: undefined };
    this.#loans.set(client, { before, after });
    return { before: values, after: after.values as Float32Array };
  }

  settle(client: number, counted: boolean): void {
    const loan = this.#loans.get(client);
    if (loan === undefined) throw new RangeError(`client ${client} has no state lent`);
    this.#loans.delete(client);
    const { before, after } = loan;
    if (before !== undefined) this.#idle.add(before);
    if (counted) {
      this.#staged.set(client, after);
      this.#idle.add(after);
    } else this.#drop(after);
    while (this.#arrays.over && this.#evict());
  }

  commit(counted: boolean): void {
    for (const [client, version] of this.#staged) {
      const old = counted ? this.#current.get(client) : version;
      if (counted) this.#current.set(client, version);
      if (old !== undefined) this.#drop(old);
    }
    this.#staged.clear();
    this.rounds += 1;
  }

  /**
   * Makes the present states durable as a new generation, whose name goes into the checkpoint. The generations of the two
   * checkpoints before stay as they are.
   */
  snapshot(): string {
    const file = this.#slots();
    while (this.#generations.length >= KEPT_GENERATIONS) this.#forgetOldest(file);
    const states = [...this.#current]
      .sort(([a], [b]) => a - b)
      .map(([client, version]): StoredState => ({ client, ...this.#store(version) }));
    file.sync();
    const number = (this.#generations.at(-1)?.number ?? -1) + 1;
    const generation = writeIndex(this.#options.directory, number, this.#options.parameters, states);
    this.#keep(
      number,
      states.map(({ slot }) => slot),
      file,
    );
    return generationText(generation);
  }

  /**
   * Takes up the states of a checkpoint, in place of none.
   *
   * @param text what `snapshot` returned
   * @param rounds rounds done at that checkpoint
   * @throws FedtempoError CHECKPOINT_INVALID if a byte of them has changed
   */
  restore(text: string, rounds: number): void {
    const { directory, parameters } = this.#options;
    const generation = parseGeneration(text);
    const states = readIndex(directory, generation, parameters);
    const path = join(directory, FILE);
    const file = openSlots(path, 4 * parameters);
    try {
      const values = new Float32Array(parameters);
      for (const state of states) file.read(state, values);
    } catch (error) {
      file.close();
      throw damaged(path, messageOf(error), `the states of generation ${generation.number}`);
    }
    for (const { client, slot, digest } of states) {
      file.retain(slot);
      this.#current.set(client, { values: undefined, stored: { slot, digest } });
    }
    // The checkpoint before this one is still there, and may be needed until there is another.
    this.#keep(generation.number - 1, slotsOf(directory, generation.number - 1), file);
    this.#keep(
      generation.number,
      states.map(({ slot }) => slot),
      file,
    );
    file.collectFree();
    this.#file = file;
    this.rounds = rounds;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #keep(number: number, kept: readonly number[], file: SlotFile): void {
    const slots = Uint32Array.from(kept);
    for (const slot of slots) file.retain(slot);
    this.#generations.push({ number, slots });
  }

  #forgetOldest(file: SlotFile): void {
    const oldest = this.#generations.shift();
    if (oldest === undefined) return;
    for (const slot of oldest.slots) file.release(slot);
    removeIndex(this.#options.directory, oldest.number);
  }

  /** The values of a version, which is then the most recently used. */
  #load(version: Version): Float32Array {
    if (version.values === undefined) {
      const values = this.#take();
      this.#slots().read(version.stored as Slot, values);
      version.values = values;
    }
    this.#idle.delete(version);
    this.#idle.add(version);
    return version.values;
  }

  #take(): Float32Array {
    if (!this.#arrays.available) this.#evict();
    return this.#arrays.take();
  }

  /** Frees the memory of the least recently used state. @returns false if all that there are, are lent */
  #evict(): boolean {
    const [version] = this.#idle;
    if (version === undefined) return false;
    this.#idle.delete(version);
    this.#store(version);
    this.#arrays.give(version.values as Float32Array);
    version.values = undefined;
    return true;
  }

  /** The place of a version in the file; it is written there if it is not yet. */
  #store(version: Version): Slot {
    version.stored ??= this.#slots().write(version.values as Float32Array);
    return version.stored;
  }

  /** Nobody will ask for this version again. */
  #drop(version: Version): void {
    this.#idle.delete(version);
    if (version.values !== undefined) this.#arrays.give(version.values);
    if (version.stored !== undefined) this.#slots().release(version.stored.slot);
  }

  #slots(): SlotFile {
    const { directory, parameters } = this.#options;
    this.#file ??= new SlotFile(join(directory, FILE), 4 * parameters, true);
    return this.#file;
  }
}

function openSlots(path: string, slotBytes: number): SlotFile {
  try {
    return new SlotFile(path, slotBytes, false);
  } catch (error) {
    throw damaged(path, messageOf(error), 'the file of client states');
  }
}
