/**
 * A group of a round while it is open: which clients still owe a reply, and what each submission is answered.
 *
 * Every client of the cohort is settled exactly once, by an update that passed the check or by a failure; whatever comes
 * for it later is a DUPLICATE, and whatever belongs to no open round is LATE.
 */
import { randomUUID } from 'node:crypto';
import type { LentState } from '../../shared/federation/client-state.js';
import { receiveUpdate } from '../../shared/federation/receive.js';
import type { Answer } from '../../shared/protocol/messages.js';
import type { Failure, FailureCode, Update } from '../../shared/training/reply.js';
import { digestOf } from '../digest.js';
import { type PoolReply, type RoundWork, receptionOf, type TaskGroup } from './pool.js';
import { Queue } from './queue.js';

export interface RoundKey {
  readonly run: string;
  readonly round: number;
  readonly nonce: string;
}

export interface Verdict {
  readonly answer: Answer;
  readonly reason: string;
}

export class OpenRound {
  readonly key: RoundKey;
  readonly replies = new Queue<PoolReply>();
  readonly #work: RoundWork;
  readonly #group: TaskGroup;
  readonly #open: Set<number>;
  readonly #cohort: ReadonlySet<number>;
  /** States of clients that were sent and wait for their change. */
  readonly #lent = new Map<number, LentState>();

  constructor(run: string, work: RoundWork, group: TaskGroup) {
    this.key = { run, round: group.plan.round, nonce: randomUUID() };
    this.#work = work;
    this.#group = group;
    this.#cohort = new Set(group.clients);
    this.#open = new Set(group.clients);
  }

  /** Whether a submission was made for this very round. */
  matches({ run, round, nonce }: RoundKey): boolean {
    return run === this.key.run && round === this.key.round && nonce === this.key.nonce;
  }

  /** Clients that still owe a reply, of those for which `hosted` holds. */
  owing(hosted: (client: number) => boolean = () => true): number[] {
    return [...this.#open].filter(hosted);
  }

  owes(client: number): boolean {
    return this.#open.has(client);
  }

  /** Whether clients keep state in this round. */
  get stateful(): boolean {
    return this.#group.variates !== undefined;
  }

  /** The state of a client that is about to train. */
  lend(client: number): LentState {
    const states = this.#group.variates?.states;
    if (states === undefined) throw new Error('clients keep no state in this round');
    const lent = states.lend(client);
    this.#lent.set(client, lent);
    return lent;
  }

  /**
   * Takes an update and says what its sender is answered.
   *
   * @param values local − global [p], and the change of the client's state [p] behind it where clients keep one
   */
  submit(header: Omit<Update, 'kind' | 'delta'>, values: Float32Array, worker: number): Verdict {
    const { client } = header;
    if (!this.#cohort.has(client)) return { answer: 'REJECTED', reason: `client ${client} is not in the cohort` };
    if (!this.#open.has(client)) return { answer: 'DUPLICATE', reason: `client ${client} is settled in this round` };
    const lent = this.#lent.get(client);
    if (this.stateful && lent === undefined) {
      return { answer: 'REJECTED', reason: `client ${client} was not asked to train yet` };
    }
    const began = performance.now();
    const { length } = this.#group.weights;
    const parts =
      lent === undefined
        ? { delta: values }
        : { delta: values.subarray(0, length), stateChange: values.subarray(length) };
    const update: Update = { kind: 'update', ...header, ...parts };
    const reply = receiveUpdate(update, { ...receptionOf(this.#work, this.#group, client, lent), digestOf });
    this.#settle(client, { reply, worker, receiveMs: performance.now() - began });
    return reply.kind === 'update' ? { answer: 'ACCEPTED', reason: '' } : { answer: 'REJECTED', reason: reply.reason };
  }

  /** Settles a client as failed; nothing happens if it is settled already. */
  fail(client: number, code: FailureCode, reason: string, worker: number): void {
    if (!this.#open.has(client)) return;
    const reply: Failure = { kind: 'failure', round: this.key.round, client, code, reason };
    this.#settle(client, { reply, worker, receiveMs: 0 });
  }

  /** No more replies are taken: states that wait for one are given back as they were. */
  close(): void {
    for (const client of [...this.#lent.keys()]) this.#giveBack(client, false);
  }

  #giveBack(client: number, counted: boolean): void {
    if (this.#lent.delete(client)) this.#group.variates?.states.settle(client, counted);
  }

  #settle(client: number, reply: PoolReply): void {
    this.#open.delete(client);
    this.#giveBack(client, reply.reply.kind === 'update');
    this.replies.push(reply);
    if (this.#open.size === 0) this.replies.end();
  }
}
