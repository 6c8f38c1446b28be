/**
 * A group of a round while it is open: which clients still owe a reply, and what each submission is answered.
 *
 * Every client of the cohort is settled exactly once, by an update that passed the check or by a failure; whatever comes
 * for it later is a DUPLICATE, and whatever belongs to no open round is LATE.
 */
import { randomUUID } from 'node:crypto';
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

  /** Takes an update and says what its sender is answered. */
  submit(update: Update, worker: number): Verdict {
    const { client } = update;
    if (!this.#cohort.has(client)) return { answer: 'REJECTED', reason: `client ${client} is not in the cohort` };
    if (!this.#open.has(client)) return { answer: 'DUPLICATE', reason: `client ${client} is settled in this round` };
    const began = performance.now();
    const reply = receiveUpdate(update, { ...receptionOf(this.#work, this.#group, client), digestOf });
    this.#settle(client, { reply, worker, receiveMs: performance.now() - began });
    return reply.kind === 'update' ? { answer: 'ACCEPTED', reason: '' } : { answer: 'REJECTED', reason: reply.reason };
  }

  /** Settles a client as failed; nothing happens if it is settled already. */
  fail(client: number, code: FailureCode, reason: string, worker: number): void {
    if (!this.#open.has(client)) return;
    const reply: Failure = { kind: 'failure', round: this.key.round, client, code, reason };
    this.#settle(client, { reply, worker, receiveMs: 0 });
  }

  #settle(client: number, reply: PoolReply): void {
    this.#open.delete(client);
    this.replies.push(reply);
    if (this.#open.size === 0) this.replies.end();
  }
}
