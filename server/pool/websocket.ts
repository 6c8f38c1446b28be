/**
 * A pool of WebSocket clients. It waits for connections, gives each its part of the population, and runs rounds over
 * those that are there; it starts no process itself.
 */
import { messageOf } from '../../shared/errors.js';
import { tensorOf } from '../../shared/protocol/codec.js';
import { limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import { encodeRound } from '../../shared/protocol/round-frame.js';
import type { ParsedScenario } from '../../shared/scenario/schema.js';
import { Spans } from '../../shared/times/spans.js';
import type { Door } from '../http/door.js';
import { sharedNow } from '../times/time-table.js';
import { type CloseName, Connection, type ConnectionEvents } from './connection.js';
import { openLoopback } from './loopback.js';
import { OpenRound } from './open-round.js';
import {
  type ClientPool,
  COORDINATOR,
  type PoolReply,
  type RoundWork,
  type TaskGroup,
  type ThreadSpent,
  type Traffic,
} from './pool.js';
import { Slots } from './slots.js';
import { TaskFeed } from './task-feed.js';

export interface WebSocketPoolOptions {
  readonly run: string;
  readonly scenario: Pick<ParsedScenario, 'seed' | 'data' | 'model'>;
  /** Folder against which the scenario's relative paths resolve. */
  readonly folder: string;
  readonly datasetDigest: string;
  /** p */
  readonly parameters: number;
  /** d and k */
  readonly features: number;
  readonly classes: number;
  /** Parts of the population; part i hosts the clients c with c mod slots = i. */
  readonly slots: number;
  readonly port: number;
  readonly token: string;
  readonly replyMs: number;
  /** Whether spans are wanted, for a trace. */
  readonly profile: boolean;
  /** Whether clients keep state: an update then carries its change too. */
  readonly stateful?: boolean;
  /** Told when the client of a slot has its data. */
  readonly onReady: (slot: number) => void;
  /** Told of every peer that was refused or closed for what it did. */
  readonly onRefused: (reason: string) => void;
}

export class WebSocketPool implements ClientPool {
  readonly kind = 'process';
  readonly workers: number;
  broadcastMs = 0;
  readonly #options: WebSocketPoolOptions;
  readonly #slots: Slots;
  readonly #pending = new Set<Connection>();
  #door!: Door;
  #round: OpenRound | undefined;
  /** By slot: what is still to be handed out in the open round. */
  readonly #feeds = new Map<number, TaskFeed>();
  /** Time on this thread, and what each client process says that it trained. */
  readonly #own: Spans;
  readonly #trained: readonly Spans[];

  private constructor(options: WebSocketPoolOptions) {
    this.#options = options;
    this.workers = options.slots;
    this.#slots = new Slots(options.slots);
    const spans = () => new Spans(sharedNow, options.profile);
    this.#own = spans();
    this.#trained = Array.from({ length: options.slots }, spans);
  }

  /** Opens the door. @throws FedtempoError PORT_UNAVAILABLE */
  static async open(options: WebSocketPoolOptions): Promise<WebSocketPool> {
    const pool = new WebSocketPool(options);
    const { port, token, parameters, stateful, onRefused } = options;
    pool.#door = await openLoopback({
      port,
      token,
      updateValues: stateful ? 2 * parameters : parameters,
      onSocket: (socket) => pool.#pending.add(new Connection(socket, pool.#events)),
      pending: () => pool.#pending.size,
      onRefused,
    });
    return pool;
  }

  get url(): string {
    return this.#door.url;
  }

  traffic(): Traffic {
    return this.#door.traffic();
  }

  spent(): readonly ThreadSpent[] {
    const remote = this.#trained.map((spans, slot) => ({ thread: `process ${slot}`, spent: spans.take() }));
    return [{ thread: COORDINATOR, spent: this.#own.take() }, ...remote];
  }

  /** No client will connect for `slot` any more: fail what it owes, now and in later rounds. */
  abandon(slot: number): void {
    this.#slots.abandon(slot);
  }

  /** The slots that are not ready, and not abandoned, when `waitMs` is over or `signal` aborts; none as soon as all are. */
  waitReady(waitMs: number, signal: AbortSignal): Promise<number[]> {
    return this.#slots.waitReady(waitMs, signal);
  }

  /** Groups run one after the other: a connection holds the weights of one group at a time. */
  async *dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    this.broadcastMs = 0;
    for (const group of work.groups) {
      if (signal.aborted) return;
      if (group.clients.length > 0) yield* this.#dispatchGroup(work, group, signal);
    }
  }

  async *#dispatchGroup(work: RoundWork, group: TaskGroup, signal: AbortSignal): AsyncIterable<PoolReply> {
    const round = new OpenRound(this.#options.run, work, group);
    this.#round = round;
    const stop = () => round.replies.end();
    signal.addEventListener('abort', stop);
    const timer = setTimeout(() => {
      for (const client of round.owing()) {
        round.fail(client, 'timeout', `no reply within ${this.#options.replyMs} ms`, this.#slots.of(client));
      }
    }, this.#options.replyMs);
    try {
      const began = performance.now();
      await this.#broadcast(round, group);
      this.broadcastMs += performance.now() - began;
      yield* round.replies;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      round.close();
      this.#feeds.clear();
      this.#round = undefined;
    }
  }

  /** Says goodbye to every client and waits, within a limit, until they have gone. */
  async close(): Promise<void> {
    for (const one of [...this.#slots.connections, ...this.#pending]) one.close('GOODBYE', 'the run is over');
    const deadline = performance.now() + limits.goodbyeMs;
    const left = () => this.#slots.connections.length > 0;
    while (left() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.#door.close();
  }

  /** One frame with plan and weights, encoded once, the same bytes to all; then each connection's clients. */
  async #broadcast(round: OpenRound, { plan, clients: drawn, weights, variates }: TaskGroup): Promise<void> {
    const encode = () => encodeRound(round.key, plan, weights, variates?.control);
    const frame = this.#own.measure('serialise', encode, { round: plan.round });
    const room = (variates?.states.room ?? 0) / this.#options.slots;
    const sent = [...this.#slots.group(drawn)].map(([slot, clients]) => {
      const connection = this.#slots.at(slot);
      if (connection?.ready !== true) {
        for (const client of clients) round.fail(client, 'client-lost', `no process hosts client ${client}`, slot);
        return undefined;
      }
      const flushed = connection.sendFrame(frame);
      const feed = new TaskFeed(connection, round, clients, room);
      this.#feeds.set(slot, feed);
      feed.fill();
      return flushed;
    });
    await Promise.all(sent);
  }

  readonly #events: ConnectionEvents = {
    greet: (connection, slot): ServerMessage | { refuse: CloseName; reason: string } => {
      const { run, scenario, folder, datasetDigest, parameters, features, classes, slots } = this.#options;
      if (!this.#slots.take(slot, connection)) {
        return { refuse: 'SLOT_TAKEN', reason: `slot ${slot} of ${slots} is not free` };
      }
      this.#pending.delete(connection);
      const { seed, data, model } = scenario;
      const hosting = { index: slot, count: slots };
      const rest = { run, hosting, parameters, features, classes, seed, data, model, folder, datasetDigest };
      return { type: 'assign', protocol: PROTOCOL_VERSION, ...rest };
    },

    loaded: (connection, ready) => {
      const { datasetDigest, onReady } = this.#options;
      // The connection is ready once this has returned.
      queueMicrotask(() => {
        onReady(connection.slot);
        this.#slots.changed();
      });
      if (ready.datasetDigest === datasetDigest) return undefined;
      return `data ${ready.datasetDigest?.slice(0, 12)}, the coordinator has ${datasetDigest.slice(0, 12)}`;
    },

    submitted: (connection, message, tensor) => {
      const { type: _, run, nonce, ...update } = message;
      const { round, client } = update;
      const answer = (name: 'LATE' | 'REJECTED', reason: string) =>
        connection.send({ type: 'answer', run, round, client, answer: name, reason });
      if (this.#round === undefined || !this.#round.matches({ run, round, nonce }))
        return answer('LATE', 'that round is closed');
      if (this.#slots.of(client) !== connection.slot) return answer('REJECTED', `client ${client} is hosted elsewhere`);
      let values: Float32Array;
      try {
        values = tensorOf(tensor);
      } catch (error) {
        this.#round.fail(client, 'wrong-length', messageOf(error), connection.slot);
        this.#feeds.get(connection.slot)?.fill();
        return answer('REJECTED', messageOf(error));
      }
      const { trainMs } = update;
      // A process has a clock of its own; its training ended about when the update came.
      this.#trained[connection.slot].add({
        activity: 'train',
        began: sharedNow() - trainMs,
        ms: trainMs,
        round,
        client,
      });
      const open = this.#round;
      const submit = () => open.submit(update, values, connection.slot);
      const verdict = this.#own.measure('receive', submit, { round, client });
      connection.send({ type: 'answer', run, round, client, ...verdict });
      this.#feeds.get(connection.slot)?.fill();
    },

    failed: (connection, failure) => {
      if (!this.#round?.matches(failure) || this.#slots.of(failure.client) !== connection.slot) return;
      this.#round.fail(failure.client, 'client-error', failure.reason, connection.slot);
      this.#feeds.get(connection.slot)?.fill();
    },

    closed: (connection, code, reason) => {
      this.#pending.delete(connection);
      const { slot } = connection;
      if (!this.#slots.release(connection)) {
        this.#options.onRefused(`${code} ${reason}`);
        return;
      }
      for (const client of this.#round?.owing((one) => this.#slots.of(one) === slot) ?? []) {
        this.#round?.fail(client, 'client-lost', `connection closed: ${code} ${reason}`.trim(), slot);
      }
    },
  };
}
