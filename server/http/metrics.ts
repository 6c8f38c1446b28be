/**
 * What an operator's Prometheus sees of a coordinator (text exposition format 0.0.4), told where things happen.
 *
 * Label values come from the lists below and never from a peer, so there are only so many series; what is not in a list counts
 * as `other`. A counter that nothing has counted yet is there with 0, so that its first step shows in a rate.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Answer, answers } from '../../shared/protocol/messages.js';
import { type FailureCode, failureCodes } from '../../shared/training/reply.js';

/** How a reply ended: what an update was answered, or why there was none. */
export type Outcome = Answer | FailureCode;

export const phases = ['announce', 'collect', 'aggregate', 'evaluate'] as const;
export type Phase = (typeof phases)[number];

/** Why a connection was refused or closed by the coordinator, in classes. */
export const refusals = {
  limit: 'too many connections or handshakes',
  timeout: 'too slow with handshake, request or first message',
  request: 'host, origin or path of the request',
  unauthorized: 'a token that is unknown, used or expired, or a key that is not enrolled',
  signature: 'a signature that does not fit',
  version: 'another version of the protocol',
  malformed: 'a frame or message without the form of the protocol',
  data: 'data that do not fit the scenario',
  rate: 'too many messages, or an upload without credit',
  slow: 'too many bytes waiting for it',
} as const;
export type Refusal = keyof typeof refusals;

/** Phases last from a millisecond to a deadline of minutes. */
const PHASE_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];

/** How often the loop is asked; a delay is what goes beyond. */
const LOOP_EVERY_MS = 10;

export class Metrics {
  readonly #registry = new Registry();
  readonly #loop: IntervalHistogram;

  readonly #committed = this.#counter('rounds_committed_total', 'Rounds committed by this process.');
  readonly #abandoned = this.#counter(
    'attempts_abandoned_total',
    'Attempts at a round that were abandoned below quorum.',
  );
  readonly #replies = this.#counter('replies_total', 'Replies of clients, by outcome.', 'outcome', [
    ...answers,
    ...Object.keys(failureCodes),
  ]);
  readonly #refused = this.#counter('connections_refused_total', 'Connections refused or closed, by class.', 'reason', [
    ...Object.keys(refusals),
  ]);
  readonly #down = this.#counter('down_bytes_total', 'Bytes sent to clients.');
  readonly #up = this.#counter('up_bytes_total', 'Bytes received from clients.');
  readonly #round = this.#gauge('round', 'Round under way, from 0.');
  readonly #connections = this.#gauge('connections', 'Open sockets, authenticated or not.');
  readonly #clients = this.#gauge('clients_connected', 'Clients that could be asked to train.');
  readonly #accuracy = this.#gauge('test_accuracy_ratio', 'Accuracy on the test set when last evaluated, 0 to 1.');
  readonly #loss = this.#gauge('test_loss', 'Loss on the test set when last evaluated.');
  readonly #phases = new Histogram({
    name: 'fedtempo_phase_seconds',
    help: 'Wall time of the phases of a round.',
    labelNames: ['phase'],
    buckets: PHASE_BUCKETS_SECONDS,
    registers: [this.#registry],
  });

  /** Begins to watch the event loop, until `close`. */
  constructor() {
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_EVERY_MS });
    this.#loop.enable();
    for (const phase of phases) this.#phases.zero({ phase });
    const resident = this.#gauge('resident_memory_bytes', 'Resident memory of the process.', () => {
      resident.set(process.memoryUsage.rss());
    });
    const delays = [
      ['p50', 'median', () => this.#loop.percentile(50)],
      ['p99', '99th percentile', () => this.#loop.percentile(99)],
      ['max', 'largest', () => this.#loop.max],
    ] as const;
    for (const [name, said, nanoseconds] of delays) {
      const help = `Delay of the event loop since it was last asked for, ${said}.`;
      const gauge = this.#gauge(`event_loop_delay_${name}_seconds`, help, () => {
        gauge.set(Math.max(0, finite(nanoseconds()) / 1e9 - LOOP_EVERY_MS / 1e3));
      });
    }
  }

  /** Of the answer to a GET of `/metrics`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything as it is now; the delay of the loop is counted anew from the next of its samples on. */
  async text(): Promise<string> {
    const text = await this.#registry.metrics();
    this.#loop.reset();
    return text;
  }

  /** @param round from 0 */
  roundBegan(round: number): void {
    this.#round.set(round);
  }

  roundCommitted(): void {
    this.#committed.inc();
  }

  attemptAbandoned(): void {
    this.#abandoned.inc();
  }

  replied(outcome: Outcome): void {
    this.#replies.inc({
      outcome: Object.hasOwn(failureCodes, outcome) || answers.includes(outcome as Answer) ? outcome : 'other',
    });
  }

  refused(reason: Refusal): void {
    this.#refused.inc({ reason: Object.hasOwn(refusals, reason) ? reason : 'other' });
  }

  sent(bytes: number): void {
    this.#down.inc(finite(bytes));
  }

  received(bytes: number): void {
    this.#up.inc(finite(bytes));
  }

  phaseTook(phase: Phase, ms: number): void {
    this.#phases.observe({ phase }, finite(ms) / 1e3);
  }

  /** @param accuracy share of the test set, 0..1; null if the problem has none */
  evaluated({ accuracy, loss }: { readonly accuracy: number | null; readonly loss: number }): void {
    if (accuracy !== null) this.#accuracy.set(accuracy);
    this.#loss.set(loss);
  }

  /** How many sockets are open now. */
  connectionsAre(open: number): void {
    this.#connections.set(open);
  }

  /** How many clients could be asked to train now. */
  clientsAre(connected: number): void {
    this.#clients.set(connected);
  }

  close(): void {
    this.#loop.disable();
    this.#registry.clear();
  }

  #counter(name: string, help: string, label?: string, values: readonly string[] = []): Counter {
    const labelNames = label === undefined ? [] : [label];
    const counter = new Counter({ name: `fedtempo_${name}`, help, labelNames, registers: [this.#registry] });
    if (label !== undefined) for (const value of [...values, 'other']) counter.inc({ [label]: value }, 0);
    return counter;
  }

  /** A gauge is not there before it is set: nothing is known then, and 0 would say something. */
  #gauge(name: string, help: string, collect?: () => void): Gauge {
    const gauge = new Gauge({
      name: `fedtempo_${name}`,
      help,
      registers: [this.#registry],
      ...(collect === undefined ? {} : { collect }),
    });
    gauge.remove();
    return gauge;
  }
}

/** What a counter can take: a number that is none, or negative since a clock jumped, must not end a coordinator. */
function finite(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
