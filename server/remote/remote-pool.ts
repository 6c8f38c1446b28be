/**
 * The pool of clients on other machines. It starts nobody: clients come, prove who they are, declare what they have, and
 * wait to be selected. Updates are received at the desk, in a thread of its own.
 */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import type { Limits } from '../../shared/protocol/limits.js';
import { maxFrameBytes, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import { SEAL_BYTES } from '../../shared/protocol/sealed.js';
import type { ParsedScenario } from '../../shared/scenario/schema.js';
import { Spans } from '../../shared/times/spans.js';
import { failpoint } from '../failpoint.js';
import type { Door } from '../http/door.js';
import type { CloseName } from '../pool/link.js';
import {
  type ClientPool,
  COORDINATOR,
  type PoolReply,
  type RoundWork,
  type ThreadSpent,
  type Traffic,
} from '../pool/pool.js';
import { sharedNow } from '../times/time-table.js';
import type { Admission, Admitted } from './admission.js';
import { Credit } from './credit.js';
import { type Declared, judgeDeclaration } from './declaration.js';
import type { Intake } from './intake.js';
import type { FoundRound } from './intake-messages.js';
import { isBefore, type Opening } from './journal.js';
import { MemberConnection, type MemberEvents } from './member-connection.js';
import { Members } from './members.js';
import { RemoteRound, type Standing } from './remote-round.js';
import type { Seats } from './seats.js';
import { now } from './steady-clock.js';

/** What happens to clients and their messages, for metrics and logs. */
export interface Observer {
  joined(client: number): void;
  /** @param name of the close code; undefined for one that is not ours, as of a lost connection */
  left(client: number, name: CloseName | undefined): void;
  answered(answer: Standing['answer']): void;
  /** A peer was closed for what it did. @param client undefined if it is none */
  refused(name: CloseName | undefined, client: number | undefined): void;
}

export interface RemotePoolOptions {
  readonly run: string;
  readonly scenario: Pick<ParsedScenario, 'seed' | 'data' | 'model'>;
  readonly datasetDigest: string;
  /** p, d, k */
  readonly parameters: number;
  readonly features: number;
  readonly classes: number;
  /** C */
  readonly clients: number;
  /** n of the scenario's own dataset, and n_k of a client that trains its shard of it. */
  readonly examples: number;
  readonly shardSize: (client: number) => number;
  readonly admission: Admission;
  readonly seats: Seats;
  readonly intake: Intake;
  /** What a coordinator that died has left open. */
  readonly found: readonly FoundRound[];
  readonly limits: Limits;
  readonly lostAfterMs: number;
  readonly profile: boolean;
  readonly observer: Observer;
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
  readonly #credit: Credit<MemberConnection>;
  readonly #spans: Spans;
  readonly #spent: ThreadSpent[] = [];
  #found: readonly FoundRound[];
  #round: RemoteRound | undefined;
  #door: Door | undefined;
  #closing = false;
  /** The coordinator stops in an open round: what comes now is offered again when it goes on, and is not too late. */
  #leaving = false;

  constructor(options: RemotePoolOptions) {
    this.#options = options;
    this.workers = options.clients;
    this.#found = options.found;
    this.members = new Members(options);
    options.seats.onFailed = (error) => options.intake.fail(error);
    this.#spans = new Spans(sharedNow, options.profile);
    const { inboundBytes, uploadMs } = options.limits;
    this.#credit = new Credit({ uploadBytes: this.maxPayload, inboundBytes, uploadMs }, (member) =>
      member.close('NO_CREDIT', 'the upload did not come in time'),
    );
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
  accept(socket: WebSocket, { origin, enrolled }: Admitted): void {
    if (this.#closing) return socket.close(1001);
    const { limits } = this.#options;
    const member = new MemberConnection(socket, origin, limits, {
      ...this.#events,
      greet: (connection, wanted) => this.#greet(connection, enrolled, wanted),
    });
    // What an enrolment calls the client goes with its seat.
    this.#names.set(member, enrolled.name);
  }

  readonly #names = new WeakMap<MemberConnection, string | undefined>();

  /** The attempt that a coordinator which died has left at a round: the one to go on with, or the last that was closed. */
  foundAttempt(round: number): FoundRound | undefined {
    return this.#found.filter(({ opening }) => opening.round === round).at(-1);
  }

  /** What is known of rounds before `round`, and of attempts before `attempt` at it, is not needed any more. */
  forget(round: number, attempt = 0): void {
    this.#found = this.#found.filter(({ opening }) => !isBefore(opening, round, attempt));
    this.#options.intake.drop(round, attempt);
  }

  /** How the last dispatch was closed, and how long it took from its beginning. */
  last: { readonly closing: string | undefined; readonly ms: number } = { closing: undefined, ms: 0 };

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
    this.#round = open;
    const leave = () => {
      this.#leaving = true;
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
          if (this.#round === open) this.broadcastMs = performance.now() - began;
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
      this.#round = undefined;
    }
  }

  spent(): readonly ThreadSpent[] {
    return [{ thread: COORDINATOR, spent: this.#spans.take() }, ...this.#spent.splice(0)];
  }

  /** Tells every client what follows, waits a little until they have gone, and ends the desk. */
  async close(): Promise<void> {
    this.#closing = true;
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

  #greet(member: MemberConnection, enrolled: Admitted['enrolled'], wanted: number | undefined) {
    const seat = this.members.seat(member, enrolled, wanted);
    if (typeof seat !== 'number') return seat;
    const { run, scenario, datasetDigest, parameters, features, classes, clients } = this.#options;
    const { seed, model, data } = scenario;
    // Paths of this machine are of no use to clients, and none of their business.
    const { folder: _, test: __, ...rest } = data;
    const facts = {
      run,
      parameters,
      features,
      classes,
      seed,
      data: rest as typeof data,
      model,
      folder: '',
      datasetDigest,
    };
    const assign: ServerMessage = {
      type: 'assign',
      protocol: PROTOCOL_VERSION,
      hosting: { index: seat, count: clients },
      ...facts,
      silenceMs: this.#options.limits.silenceMs,
    };
    return assign;
  }

  #declare(member: MemberConnection, declared: Declared) {
    const { client, origin } = member;
    const judged = judgeDeclaration(declared, this.#options, client, this.members.known(client));
    if ('refuse' in judged) return judged;
    if (this.members.known(client) === undefined) {
      const name = this.#names.get(member);
      this.members.take({ client, key: origin.key, ...judged, ...(name === undefined ? {} : { name }) });
    }
    // The connection is ready once this has returned.
    queueMicrotask(() => {
      this.#options.observer.joined(client);
      this.members.changed();
      if (this.#round?.owes(client)) void this.#round.tell(member);
    });
    return undefined;
  }

  #answer(
    member: MemberConnection,
    { run, round, client }: { run: string; round: number; client: number },
    standing: Standing,
  ): void {
    const { answer, reason } = standing;
    this.#options.observer.answered(answer);
    if (answer === 'FORGED') return member.close('BAD_SIGNATURE', reason);
    member.send({ type: 'answer', run, round, client, answer, reason });
    if (answer === 'ACCEPTED') failpoint('answer.sent');
  }

  readonly #events: Omit<MemberEvents, 'greet'> = {
    declared: (member, ready) => {
      try {
        return this.#declare(member, ready);
      } catch (error) {
        this.#options.intake.fail(error as Error);
        return { refuse: 'GOING_AWAY', reason: 'the coordinator stops for now' };
      }
    },

    offered: (member, { type: _, ...offered }) => {
      if (this.#leaving) return;
      if (offered.client !== member.client) return this.#answer(member, offered, notYours(offered.client));
      if (!this.#round?.matches(offered)) return this.#answer(member, offered, LATE);
      const { run, round, client } = offered;
      const grant = () => this.#credit.ask(member, () => member.send({ type: 'grant', run, round, client }));
      const weighing = this.#round.weigh(offered);
      if (weighing === undefined) return grant();
      void weighing
        .then((standing) => (standing === undefined ? grant() : this.#answer(member, offered, standing)))
        .catch(() => {});
    },

    submitted: (member, message, frame) => {
      if (!this.#credit.has(member)) return member.close('NO_CREDIT', 'an update that was not granted');
      const done = this.#credit.received(member);
      const answer = (standing: Standing | undefined) => {
        done();
        if (standing !== undefined) this.#answer(member, message, standing);
      };
      if (this.#leaving) return answer(undefined);
      if (message.client !== member.client) return answer(notYours(message.client));
      if (!this.#round?.matches(message)) return answer(LATE);
      const submission = { message, frame: ownBytes(frame), origin: member.origin };
      // Where the desk is broken nothing is granted any more.
      void this.#round
        .submit(submission)
        .then(answer)
        .catch(() => {});
    },

    failed: (member, failure) => {
      if (failure.client !== member.client || !this.#round?.matches(failure)) return;
      this.#round.fail(
        member.client,
        'client-error',
        `client ${member.client} could not train: ${printable(failure.reason)}`,
      );
    },

    closed: (member, code) => {
      this.#credit.release(member);
      const { observer } = this.#options;
      const had = this.members.leave(member);
      const name = closeNames.get(code);
      const client = member.client < 0 ? undefined : member.client;
      if (client === undefined || (name !== undefined && !HARMLESS.has(name))) observer.refused(name, client);
      if (!had) return;
      observer.left(member.client, name);
      this.#round?.gone(member.client, name === 'GOODBYE');
    },
  };
}

const closeNames = new Map(Object.entries(closeCodes).map(([name, code]) => [code as number, name as CloseName]));

/** Closings that nobody did anything wrong for. */
const HARMLESS: ReadonlySet<CloseName> = new Set<CloseName>(['GOODBYE', 'GOING_AWAY', 'SUPERSEDED']);

const LATE: Standing = { answer: 'LATE', reason: 'that round is closed' };

function notYours(client: number): Standing {
  return { answer: 'REJECTED', reason: `client ${client} is another one` };
}

/** What a peer wrote, as a record may have it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

/** The frame in memory of its own, which can be handed to a thread: itself, if nothing else is in its memory. */
function ownBytes(frame: Buffer): Uint8Array {
  if (frame.byteOffset === 0 && frame.byteLength === frame.buffer.byteLength) return frame;
  return new Uint8Array(frame);
}
