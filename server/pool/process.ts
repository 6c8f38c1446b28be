/**
 * The process pool: starts real client processes on this machine, lets them connect, starts one again that ended (within
 * a limit), and leaves none behind. Rounds themselves are the WebSocket pool's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { limits } from '../../shared/protocol/limits.js';
import type { ClientPool, PoolReply, RoundWork, ThreadSpent, Traffic } from './pool.js';
import { clientsUnavailable } from './unavailable.js';
import { WebSocketPool, type WebSocketPoolOptions } from './websocket.js';

export interface ProcessPoolOptions extends Omit<WebSocketPoolOptions, 'token' | 'onReady' | 'onRefused' | 'slots'> {
  /** Program and arguments of a client process. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workers: number;
  readonly restarts: number;
  readonly startMs: number;
  /** What a person may want to know: a process that ended, a peer that was refused. */
  readonly note: (text: string) => void;
}

/** Client processes that load their data at the same time while the pool starts. */
const STARTING_AT_ONCE = 4;

export class ProcessPool implements ClientPool {
  readonly kind = 'process';
  readonly workers: number;
  readonly #options: ProcessPoolOptions;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #children: (ChildProcess | undefined)[];
  readonly #restarts: number[];
  readonly #starting = pLimit(STARTING_AT_ONCE);
  /** Called when the process of a slot is ready or has ended: the next one may start. */
  readonly #settled: ((() => void) | undefined)[] = [];
  #inner!: WebSocketPool;
  #closing = false;

  private constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.workers = options.workers;
    this.#children = new Array<ChildProcess | undefined>(options.workers).fill(undefined);
    this.#restarts = new Array<number>(options.workers).fill(0);
  }

  /**
   * Starts all client processes and waits until they have their data.
   *
   * @throws FedtempoError PORT_UNAVAILABLE, CLIENTS_UNAVAILABLE
   */
  static async start(options: ProcessPoolOptions, signal: AbortSignal): Promise<ProcessPool> {
    const pool = new ProcessPool(options);
    pool.#inner = await WebSocketPool.open({
      ...options,
      slots: options.workers,
      token: pool.#token,
      onReady: (slot) => pool.#settled[slot]?.(),
      onRefused: (reason) => options.note(`refused a connection: ${reason}`),
    });
    for (let slot = 0; slot < options.workers; slot++) void pool.#starting(() => pool.#spawn(slot));
    const missing = await pool.#inner.waitReady(options.startMs, signal);
    const given = pool.#restarts.filter((count) => count > options.restarts).length;
    if (signal.aborted || missing.length + given === 0) return pool;
    await pool.close();
    throw clientsUnavailable(
      given > 0
        ? `${given} of ${options.workers} client processes ended again and again`
        : `${missing.length} of ${options.workers} client processes not ready after ${options.startMs / 1000} s`,
      'read the messages above; raise pool.startSeconds if the machine is slow',
    );
  }

  get broadcastMs(): number {
    return this.#inner.broadcastMs;
  }

  traffic(): Traffic {
    return this.#inner.traffic();
  }

  spent(): readonly ThreadSpent[] {
    return this.#inner.spent();
  }

  async *dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    // A process that is being started again gets the time to load its data; one that cannot be is not waited for.
    await this.#inner.waitReady(this.#options.startMs, signal);
    if (signal.aborted) return;
    if (!this.#alive()) {
      throw clientsUnavailable(
        `every client process ended more than ${this.#options.restarts} times`,
        'read the messages above; pool.restarts sets how often one is started again',
      );
    }
    yield* this.#inner.dispatch(work, signal);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#inner.close();
    const left = this.#children.filter((child) => child !== undefined);
    const ended = left.map((child) => new Promise((resolve) => child.once('close', resolve)));
    const kill = setTimeout(() => {
      for (const child of left) child.kill('SIGKILL');
    }, limits.goodbyeMs);
    await Promise.all(ended);
    clearTimeout(kill);
  }

  #alive(): boolean {
    return this.#restarts.some((count) => count <= this.#options.restarts);
  }

  /** Starts the process of a slot; resolves when it is ready or has ended. */
  #spawn(slot: number): Promise<void> {
    if (this.#closing) return Promise.resolve();
    const settled = new Promise<void>((resolve) => {
      this.#settled[slot] = resolve;
    });
    const { command, environment, note } = this.#options;
    const [program, ...rest] = command;
    const child = spawn(program, rest, {
      env: {
        ...process.env,
        ...environment,
        FEDTEMPO_URL: this.#inner.url,
        FEDTEMPO_TOKEN: this.#token,
        FEDTEMPO_SLOT: String(slot),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#children[slot] = child;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-limits.textCharacters);
    });
    child.on('error', (error) => {
      said = error.message;
    });
    child.once('close', (code, signal) => {
      this.#children[slot] = undefined;
      this.#settled[slot]?.();
      if (this.#closing) return;
      this.#restarts[slot] += 1;
      const again = this.#restarts[slot] <= this.#options.restarts;
      const ending = signal ?? `exit code ${code}`;
      const outcome = again ? 'starting it again' : `not started again after ${this.#options.restarts} restarts`;
      note(`client process ${slot} ended (${ending}); ${outcome}${said === '' ? '' : `. It said: ${said.trim()}`}`);
      if (again) void this.#starting(() => this.#spawn(slot));
      else this.#inner.abandon(slot);
    });
    return settled;
  }
}
