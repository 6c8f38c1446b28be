/**
 * One attempt at a round with clients on other machines, as the state machine that it is: selected → training → closing →
 * closed. Pure: it is told what happens and what time it is, and says what follows. Whether a closed round is committed or
 * abandoned is for the round loop, which knows how many replies it needs.
 *
 * A client owes a reply until it is accepted or has failed. One whose connection is gone may come back within a while and is
 * given up then. A client whose update is being judged is never given up: the judgement decides.
 */
import type { Closing } from './journal.js';

export type Phase = 'selected' | 'training' | 'closing' | 'closed';

export interface PhaseOptions {
  readonly cohort: readonly number[];
  /** Accepted replies that close the round. */
  readonly quota: number;
  /** On the clock of `now`, in milliseconds. */
  readonly deadlineAt: number;
  /** How long a client whose connection is gone is waited for. */
  readonly lostAfterMs: number;
}

export class RoundPhases {
  phase: Phase = 'selected';
  readonly #options: PhaseOptions;
  readonly #owing: Set<number>;
  readonly #judging = new Set<number>();
  /** Since when a client's connection is gone. */
  readonly #gone = new Map<number, number>();
  #accepted = 0;

  constructor(options: PhaseOptions) {
    this.#options = options;
    this.#owing = new Set(options.cohort);
  }

  get accepted(): number {
    return this.#accepted;
  }

  owing(): number[] {
    return [...this.#owing];
  }

  owes(client: number): boolean {
    return this.#owing.has(client);
  }

  /** Everybody was told. */
  announced(): void {
    if (this.phase === 'selected') this.phase = 'training';
  }

  /** An update is being judged. */
  judging(client: number): void {
    this.#judging.add(client);
  }

  isJudging(client: number): boolean {
    return this.#judging.has(client);
  }

  /** A judgement that settled nothing: a duplicate, or one too late. */
  judged(client: number): void {
    this.#judging.delete(client);
  }

  settle(client: number, accepted: boolean): void {
    this.#judging.delete(client);
    this.#gone.delete(client);
    if (!this.#owing.delete(client)) return;
    if (accepted) this.#accepted += 1;
  }

  gone(client: number, now: number): void {
    if (this.#owing.has(client) && !this.#gone.has(client)) this.#gone.set(client, now);
  }

  /** It has said goodbye or was told to go, and is not waited for. */
  left(client: number): void {
    if (this.#owing.has(client)) this.#gone.set(client, Number.NEGATIVE_INFINITY);
  }

  hasLeft(client: number): boolean {
    return this.#gone.get(client) === Number.NEGATIVE_INFINITY;
  }

  back(client: number): void {
    this.#gone.delete(client);
  }

  /** Clients that have been gone too long: they fail now. */
  givenUp(now: number): number[] {
    const lost = [...this.#gone].filter(
      ([client, since]) => now - since >= this.#options.lostAfterMs && !this.#judging.has(client),
    );
    return lost.map(([client]) => client);
  }

  /** Why the round closes now; undefined while it goes on. */
  closing(now: number): Closing | undefined {
    if (this.phase === 'closing' || this.phase === 'closed') return undefined;
    if (this.#accepted >= this.#options.quota) return 'quota';
    if (this.#owing.size === 0) return 'complete';
    return now >= this.#options.deadlineAt ? 'deadline' : undefined;
  }

  /** When something may happen by time alone. */
  nextAt(): number {
    const lost = [...this.#gone].filter(([client]) => !this.#judging.has(client));
    const next = lost.reduce(
      (soonest, [, since]) => Math.min(soonest, since + this.#options.lostAfterMs),
      Number.POSITIVE_INFINITY,
    );
    return Math.min(this.#options.deadlineAt, next);
  }
}
