/**
 * One attempt at a round while it is open: its clients are told, their updates go to the desk, and what comes of each is a
 * reply. It closes when all are settled, enough have replied or the deadline is over; then the desk's sums are merged.
 */
import { createHash } from 'node:crypto';
import { createAggregator } from '../../shared/federation/algorithm.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import { encodeRound } from '../../shared/protocol/round-frame.js';
import type { Spans } from '../../shared/times/spans.js';
import type { FailureCode } from '../../shared/training/reply.js';
import type { PoolReply, RoundWork, TaskGroup, ThreadSpent } from '../pool/pool.js';
import { Queue } from '../pool/queue.js';
import { SHARE_MS, turn } from '../pool/turn.js';
import type { Submission, Verdict } from './desk.js';
import type { Intake } from './intake.js';
import type { Offered } from './intake-messages.js';
import type { Closing, Opening } from './journal.js';
import type { MemberConnection } from './member-connection.js';
import type { Members } from './members.js';
import { RoundPhases } from './round-phases.js';
import { elapsedMs } from './steady-clock.js';

export interface RemoteRoundOptions {
  readonly opening: Opening;
  readonly work: RoundWork;
  readonly group: TaskGroup;
  readonly members: Members;
  readonly intake: Intake;
  readonly lostAfterMs: number;
  readonly spans: Spans;
  readonly onSpent: (spent: ThreadSpent) => void;
}

export type Standing = Pick<Verdict, 'answer' | 'reason'>;

const CLOSED: Standing = { answer: 'LATE', reason: 'that round is closed' };
const FAILED: Standing = { answer: 'LATE', reason: 'the round had given this client up, or heard that it failed' };

export class RemoteRound {
  readonly opening: Opening;
  readonly replies = new Queue<PoolReply>();
  /** Why it was closed; undefined while it is open. */
  closing: Closing | undefined;
  /** What kept the replies from being complete. */
  failure: Error | undefined;
  readonly #options: RemoteRoundOptions;
  readonly #phases: RoundPhases;
  /** Plan and weights, encoded once for all. */
  readonly #frame: Uint8Array;
  readonly #digest: Uint8Array;
  readonly #openedAt: number;
  readonly #sums: Float64Array;
  /** Connections over which the round was announced. */
  readonly #told = new WeakSet<MemberConnection>();
  /** Clients whose reply is a failure that the desk knows nothing of: what they send must not count beside it. */
  readonly #failed = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RemoteRoundOptions) {
    const { opening, group, spans, lostAfterMs } = options;
    this.#options = options;
    this.opening = opening;
    this.#openedAt = performance.now() - elapsedMs(opening.openedAt);
    const deadlineAt = this.#openedAt + opening.deadlineMs;
    this.#phases = new RoundPhases({ cohort: opening.cohort, quota: opening.quota, deadlineAt, lostAfterMs });
    const { run, round, nonce } = opening;
    const key = { run, round, nonce };
    const encode = () => encodeRound(key, group.plan, group.weights);
    this.#frame = spans.measure('serialise', encode, { round });
    this.#digest = createHash('sha256').update(this.#frame).digest();
    this.#sums = new Float64Array(new SharedArrayBuffer(8 * (group.aggregator?.spec.storage ?? 0)));
  }

  /** Opens the round at the desk and tells its clients. @param found how it was closed already, before a restart */
  async begin(found: Closing | undefined): Promise<void> {
    const { opening, work, group, intake, members } = this.#options;
    const { aggregator } = group;
    if (aggregator === undefined) throw new Error('a round of remote clients is summed up where they arrive');
    const parameters = group.weights.length;
    const { measure, tampering } = work;
    const round = { opening, parameters, spec: aggregator.spec, sums: this.#sums, measure, tampering };
    for (const reply of await intake.open(round)) {
      this.#phases.settle(reply.client, reply.kind === 'update');
      this.replies.push({ reply, worker: reply.client, receiveMs: 0 });
    }
    if (this.closing !== undefined) return;
    if (found !== undefined) return this.#close(found);
    const told: Promise<void>[] = [];
    let began = performance.now();
    for (const client of opening.cohort) {
      // Handing a model to the system takes a millisecond; a thousand of them must not keep everybody else waiting.
      if (performance.now() - began > SHARE_MS) {
        await turn.next();
        began = performance.now();
      }
      if (this.closing !== undefined) break;
      const member = members.at(client);
      // Whoever came back meanwhile was told already.
      if (!this.#phases.owes(client) || (member !== undefined && this.#told.has(member))) continue;
      if (member === undefined) this.#phases.gone(client, performance.now());
      else told.push(this.tell(member));
    }
    this.#phases.announced();
    this.check();
    await Promise.all(told);
  }

  matches({ run, round, nonce }: Pick<Opening, 'run' | 'round' | 'nonce'>): boolean {
    const { opening } = this;
    return run === opening.run && round === opening.round && nonce === opening.nonce;
  }

  /** Clients that owe a reply. */
  owes(client: number): boolean {
    return this.closing === undefined && this.#phases.owes(client);
  }

  /** Asks a client that is there for its reply; again, if its connection is a new one. */
  async tell(member: MemberConnection): Promise<void> {
    const { run, round, nonce } = this.opening;
    this.#phases.back(member.client);
    this.#told.add(member);
    const digest = member.taskDigest(this.#digest);
    const train: ServerMessage = { type: 'train', run, round, nonce, clients: [member.client], digest };
    const sent = member.sendFrame(this.#frame);
    member.send(train);
    await sent;
  }

  /** The client's connection is gone. @param left it said goodbye or was told to go: the round goes on without it at once */
  gone(client: number, left: boolean): void {
    if (left) this.#phases.left(client);
    else this.#phases.gone(client, performance.now());
    this.check();
  }

  /** What an offer is answered without its update; undefined if the update is wanted. */
  weigh(offered: Offered): Promise<Standing | undefined> | undefined {
    if (this.closing !== undefined) return Promise.resolve(CLOSED);
    if (this.#failed.has(offered.client)) return Promise.resolve(FAILED);
    return this.#phases.owes(offered.client) ? undefined : this.#options.intake.weigh(offered);
  }

  /** Has an update judged. Undefined if the coordinator stops: the client hears nothing, and sends it again later. */
  async submit(submission: Submission): Promise<Standing | undefined> {
    if (this.closing === 'lost') return undefined;
    if (this.closing !== undefined) return CLOSED;
    const { client } = submission.message;
    if (this.#failed.has(client)) return FAILED;
    this.#phases.judging(client);
    const verdict = await this.#options.intake.submit(submission);
    const { reply, receiveMs } = verdict;
    if (reply === undefined) this.#phases.judged(client);
    else if (this.#phases.owes(client)) {
      this.#phases.settle(client, reply.kind === 'update');
      this.replies.push({ reply, worker: client, receiveMs });
    }
    this.check();
    return verdict;
  }

  fail(client: number, code: FailureCode, reason: string): void {
    // An update that is being judged may be in the sums already.
    if (!this.owes(client) || this.#phases.isJudging(client)) return;
    this.#phases.settle(client, false);
    this.#pushFailure(client, code, reason);
    this.check();
  }

  /** Time of replies since the round was opened. */
  sinceOpenedMs(): number {
    return performance.now() - this.#openedAt;
  }

  /** Takes nothing more and leaves the round open on disk. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.closing !== undefined) return;
    this.closing = 'lost';
    await this.#options.intake.leave();
    this.replies.end();
  }

  /** Waits for nothing more: its deadline would keep the process. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Sees what has come about, by what happened or by time alone. */
  check(): void {
    if (this.#stopped || this.closing !== undefined || this.#phases.phase === 'selected') return;
    clearTimeout(this.#timer);
    const present = performance.now();
    for (const client of this.#phases.givenUp(present)) {
      const how = this.#phases.hasLeft(client) ? 'has left' : `was gone for ${this.#options.lostAfterMs / 1000} s`;
      this.#phases.settle(client, false);
      this.#pushFailure(client, 'client-lost', `client ${client} ${how}`);
    }
    const closing = this.#phases.closing(present);
    if (closing !== undefined) return void this.#close(closing);
    const wait = Math.min(2 ** 31 - 1, Math.max(0, this.#phases.nextAt() - present));
    this.#timer = setTimeout(() => this.check(), wait);
  }

  async #close(closing: Closing): Promise<void> {
    this.closing = closing;
    this.#phases.phase = 'closing';
    clearTimeout(this.#timer);
    const { intake, group, onSpent } = this.#options;
    try {
      // Judgements that were asked for before come before this answer.
      const { tally, spent } = await intake.close(closing);
      onSpent({ thread: 'intake', spent });
      const { aggregator } = group;
      if (aggregator !== undefined && tally.clients.length > 0) {
        aggregator.merge(createAggregator(aggregator.spec, this.#sums, tally));
      }
      for (const client of this.#phases.owing()) this.#pushFailure(client, ...this.#whyNot(client, closing));
      this.#phases.phase = 'closed';
    } catch (error) {
      this.failure = error as Error;
    }
    this.replies.end();
  }

  #whyNot(client: number, closing: Closing): [FailureCode, string] {
    if (closing === 'quota') return ['surplus', `enough others had replied before client ${client}`];
    const seconds = (this.opening.deadlineMs / 1000).toFixed(1);
    return ['late', `client ${client} had not replied at the deadline, after ${seconds} s`];
  }

  #pushFailure(client: number, code: FailureCode, reason: string): void {
    const { round } = this.opening;
    this.#failed.add(client);
    this.replies.push({ reply: { kind: 'failure', round, client, code, reason }, worker: null, receiveMs: 0 });
  }
}
