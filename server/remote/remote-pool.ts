/**
 * The pool of clients on other machines. It starts nobody: clients come, prove who they are, declare what they have, and
 * wait to be selected. Updates are received at the desk, in a thread of its own.
 */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { maxFrameBytes } from '../../shared/protocol/limits.js';
import { SEAL_BYTES } from '../../shared/protocol/sealed.js';
import { Spans } from '../../shared/times/spans.js';
import type { Door } from '../http/door.js';
import {
  type ClientPool,
  COORDINATOR,
  type PoolReply,
  type RoundWork,
  type ThreadSpent,
  type Traffic,
} from '../pool/pool.js';
import { sharedNow } from '../times/time-table.js';
import type { Admitted } from './admission.js';
import type { Enrolment } from './enrolment.js';
import type { FoundRound } from './intake-messages.js';
import { isBefore, type Opening } from './journal.js';
import { Members } from './members.js';
import { Reception, type ReceptionOptions } from './reception.js';
import { RemoteRound } from './remote-round.js';
import { closeRevoked } from './revocation.js';
import type { Seats } from './seats.js';
import { now } from './steady-clock.js';

export interface RemotePoolOptions extends ReceptionOptions {
  readonly seats: Seats;
  /** Undefined where everybody may join. */
  readonly enrolment: Enrolment | undefined;
  /** What a coordinator that died has left open. */
  readonly found: readonly FoundRound[];
  readonly lostAfterMs: number;
  readonly profile: boolean;
}

/** When clients that are told to come back shall do so, unless they are told otherwise. */
const RETURN_AFTER_MS = 2_000;

export class RemotePool implements ClientPool {
  readonly kind = 'remote';
  readonly workers: number;
  readonly members: Members;
  broadcastMs = 0;
  /** What clients are told when the pool closes; the run is over, or goes on later. */
  farewell: { readonly over: boolean; readonly returnAfterMs: number } = {
    over: false,
    returnAfterMs: RETURN_AFTER_MS,
  };
  readonly #options: RemotePoolOptions;
  readonly #reception: Reception;
  readonly #spans: Spans;
  readonly #spent: ThreadSpent[] = [];
  #found: readonly FoundRound[];
  #door: Door | undefined;
  #closing = false;
  #revoking: NodeJS.Timeout | undefined;
  /** How the last dispatch was closed, and how long it took from its beginning. */
  last: { readonly closing: string | undefined; readonly ms: number } = { closing: undefined, ms: 0 };

  constructor(options: RemotePoolOptions) {
    this.#options = options;
    this.workers = options.clients;
    this.#found = options.found;
    this.members = new Members(options);
    options.seats.onFailed = (error) => options.intake.fail(error);
    this.#spans = new Spans(sharedNow, options.profile);
    this.#reception = new Reception(options, this.members, this.maxPayload);
    const { enrolment, limits } = options;
    if (enrolment !== undefined) {
      this.#revoking = setInterval(() => void closeRevoked(enrolment, this.members), limits.pingEveryMs).unref();
    }
  }

  /** Takes the door through which clients come: its traffic is the pool's, and it closes with the pool. */
  attach(door: Door): void {
    this.#door = door;
  }

  traffic(): Traffic {
    return this.#door?.traffic() ?? { down: 0, up: 0 };
  }

  /** Open sockets, and those of them that are not WebSockets. */
  counts(): { sockets: number; pending: number } {
    return this.#door?.counts() ?? { sockets: 0, pending: 0 };
  }

  /** What ended the desk, if something has: nothing is acknowledged any more. */
  get broken(): Error | undefined {
    return this.#options.intake.broken;
  }

  /** Aborts when the desk ends so: whoever waits for clients waits in vain. */
  get breaking(): AbortSignal {
    return this.#options.intake.breaking;
  }

  /** Bytes of the largest message that a client may send. */
  get maxPayload(): number {
    return maxFrameBytes(this.#options.parameters) + SEAL_BYTES;
  }

  /** n_k, of clients that have joined the run at some time. */
  shardSize(client: number): number {
    return this.members.known(client)?.examples ?? this.#options.shardSize(client);
  }

  /** Takes the socket of a peer that was admitted. */
  accept(socket: WebSocket, admitted: Admitted): void {
    if (this.#closing) return socket.close(1001);
    this.#reception.accept(socket, admitted);
  }

  /** The attempt that a coordinator which died has left at a round: the one to go on with, or the last that was closed. */
  foundAttempt(round: number): FoundRound | undefined {
    return this.#found.filter(({ opening }) => opening.round === round).at(-1);
  }

  /** What is known of rounds before `round`, and of attempts before `attempt` at it, is not needed any more. */
  forget(round: number, attempt = 0): void {
    this.#found = this.#found.filter(({ opening }) => !isBefore(opening, round, attempt));
    this.#options.intake.drop(round, attempt);
  }

  async *dispatch(work: RoundWork, signal: AbortSignal): AsyncIterable<PoolReply> {
    const { groups, terms } = work;
    const [group] = groups;
    if (terms === undefined || groups.length !== 1) throw new Error('remote clients train one group under terms');
    // A round names clients that must be who they are after a restart.
    this.#options.seats.sync();
    const { round } = group.plan;
    const found = this.#found.find(({ opening }) => opening.round === round && opening.attempt === terms.attempt);
    const { intake, lostAfterMs, run } = this.#options;
    const opening: Opening = found?.opening ?? {
      run,
      round,
      attempt: terms.attempt,
      nonce: randomUUID(),
      selected: terms.selected,
      cohort: group.clients,
      sizes: group.clients.map(work.shardSize),
      quota: Math.min(terms.quota, group.clients.length),
      openedAt: now(),
      deadlineMs: terms.deadlineMs,
    };
    const { members } = this;
    const onSpent = (spent: ThreadSpent) => this.#spent.push(spent);
    const open = new RemoteRound({ opening, work, group, members, intake, lostAfterMs, spans: this.#spans, onSpent });
    this.#reception.round = open;
    this.#reception.leaving = false;
    const leave = () => {
      this.#reception.leaving = true;
      void open.leave().catch(() => {});
    };
    const broken = () => open.replies.end();
    intake.breaking.addEventListener('abort', broken);
    signal.addEventListener('abort', leave);
    const began = performance.now();
    let telling = true;
    let failed: unknown;
    try {
      void open.begin(found?.closing).then(
        () => {
          telling = false;
          if (this.#reception.round === open) this.broadcastMs = performance.now() - began;
        },
        (error) => {
          telling = false;
          failed = error;
          open.replies.end();
        },
      );
      if (signal.aborted) leave();
      yield* open.replies;
      if (intake.broken !== undefined) throw intake.broken;
      if (open.failure !== undefined) throw open.failure;
      if (failed !== undefined) throw failed;
    } finally {
      // One who takes nothing of what is sent to it is closed in the end; the round does not wait for that.
      if (telling) this.broadcastMs = performance.now() - began;
      this.last = { closing: open.closing, ms: open.sinceOpenedMs() };
      signal.removeEventListener('abort', leave);
      intake.breaking.removeEventListener('abort', broken);
      open.stop();
      this.#reception.round = undefined;
    }
  }

  spent(): readonly ThreadSpent[] {
    return [{ thread: COORDINATOR, spent: this.#spans.take() }, ...this.#spent.splice(0)];
  }

  /** Tells every client what follows, waits a little until they have gone, and ends the desk. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#revoking);
    const { over, returnAfterMs } = this.farewell;
    for (const member of this.members.all) {
      if (over) member.dismiss('GOODBYE', 'the run is over');
      else member.dismiss('GOING_AWAY', 'the coordinator stops for now', returnAfterMs);
    }
    const deadline = performance.now() + this.#options.limits.goodbyeMs;
    while (this.members.all.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await this.#door?.close();
    await this.#options.intake.stop();
    this.#options.seats.close();
  }
}
