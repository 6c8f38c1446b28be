/**
 * Where updates are received, off the coordinator's event loop: checked, written to the journal, on disk, added up, and only
 * then acknowledged. Each client of the round's cohort counts at most once, whatever comes how often in what order.
 *
 * One round at a time. A batch of submissions is made durable by one sync of the disk.
 */
import { createHash } from 'node:crypto';
import type { Aggregator, AggregatorSpec, Tally } from '../../shared/federation/aggregator.js';
import { createAggregator } from '../../shared/federation/algorithm.js';
import type { Tampering } from '../../shared/federation/faults/tamper.js';
import { receiveUpdate } from '../../shared/federation/receive.js';
import type { Answer, ClientMessage } from '../../shared/protocol/messages.js';
import { openSealed, type SealedParts } from '../../shared/protocol/sealed.js';
import { updateStatement } from '../../shared/protocol/statements.js';
import type { CountedUpdate, Failure } from '../../shared/training/reply.js';
import {
  type Closing,
  dropJournals,
  isBefore,
  Journal,
  type JournalContent,
  type Opening,
  readJournals,
  type Sent,
} from './journal.js';
import { verifySignature } from './signature.js';

/** A round that begins, or goes on after a restart. */
export interface DeskRound {
  readonly opening: Opening;
  /** p */
  readonly parameters: number;
  readonly spec: AggregatorSpec;
  /** Where the updates are added up [spec.storage]; shared memory, zeros or not. */
  readonly sums: Float64Array;
  readonly measure: boolean;
  readonly tampering?: ReadonlyMap<number, Tampering> | undefined;
}

export type UpdateMessage = Extract<ClientMessage, { type: 'update' }>;

/** Which connection an update came through: what its signature is bound to. */
export interface Origin {
  readonly run: string;
  readonly epoch: number;
  readonly nonce: string;
  readonly key: string;
}

export interface Submission {
  readonly message: UpdateMessage;
  /** The whole frame, its seal included. */
  readonly frame: Uint8Array;
  readonly origin: Origin;
}

export interface Verdict {
  readonly client: number;
  readonly answer: Answer | 'FORGED';
  readonly reason: string;
  /** What the round counts, the first time that the client is settled. */
  readonly reply?: CountedUpdate | Failure;
  readonly receiveMs: number;
}

interface Settled {
  readonly digest: string;
  readonly examples: number;
  readonly refused: string | undefined;
}

/** An update that may count: its signature fits, and its client is not settled. */
interface Judged {
  readonly round: OpenRound;
  readonly sent: Sent;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

interface OpenRound extends DeskRound {
  readonly journal: Journal;
  readonly aggregator: Aggregator;
  readonly sizes: ReadonlyMap<number, number>;
  readonly settled: Map<number, Settled>;
  accepted: number;
}

export class Desk {
  readonly #folder: string;
  #found: readonly JournalContent[];
  #round: OpenRound | undefined;

  /** Reads what is there. @param folder of journals @throws FedtempoError JOURNAL_INVALID */
  constructor(folder: string) {
    this.#folder = folder;
    this.#found = readJournals(folder);
  }

  /** What a coordinator that died has left behind, in the order of rounds and attempts. */
  get found(): readonly Omit<JournalContent, 'updates'>[] {
    return this.#found.map(({ opening, closing }) => ({ opening, closing }));
  }

  /** Begins a round or goes on with it. @returns the replies that were acknowledged before */
  open(round: DeskRound): (CountedUpdate | Failure)[] {
    const { opening, spec, sums } = round;
    const known = this.#found.find((one) => one.opening.nonce === opening.nonce);
    const journal = known ? Journal.resume(this.#folder, known) : Journal.begin(this.#folder, opening);
    const sizes = new Map(opening.cohort.map((client, index) => [client, opening.sizes[index]]));
    const aggregator = createAggregator(spec, sums.fill(0));
    const open: OpenRound = { ...round, journal, aggregator, sizes, settled: new Map(), accepted: 0 };
    this.#round = open;
    return (known?.updates ?? []).map(({ sent, digest, tensor }) => this.#count(open, sent, digest, tensor));
  }

  /** Judges submissions, in their order; what is ACCEPTED is on disk when this returns. */
  submit(batch: readonly Submission[]): Verdict[] {
    let written = false;
    const verdicts = batch.map((submission): Verdict => {
      const began = performance.now();
      const { client } = submission.message;
      const judged = this.#judge(submission);
      if ('answer' in judged) return { client, ...judged, receiveMs: 0 };
      const { round, sent, digest, bytes } = judged;
      const reply = this.#count(round, sent, digest, floatsOf(bytes));
      if (reply.kind === 'failure') {
        return { client, answer: 'REJECTED', reason: reply.reason, reply, receiveMs: performance.now() - began };
      }
      round.journal.append(sent, digest, bytes);
      written = true;
      return { client, answer: 'ACCEPTED', reason: '', reply, receiveMs: performance.now() - began };
    });
    if (written) this.#round?.journal.sync();
    return verdicts;
  }

  /** What an offer is answered without its update: nothing, if the update is wanted. */
  weigh({
    run,
    round,
    nonce,
    client,
    digest,
  }: Pick<UpdateMessage, 'run' | 'round' | 'nonce' | 'client'> & { digest: string }) {
    return this.#standing({ run, round, nonce, client }, () => digest, undefined);
  }

  /** Takes no more updates. @returns whose have been added up */
  close(closing: Closing): Tally {
    const round = this.#round;
    if (round === undefined) throw new Error('no round is open');
    round.journal.end(closing);
    round.journal.close();
    this.#round = undefined;
    return round.aggregator.tally();
  }

  /** Leaves the round as it is on disk, to be gone on with. */
  leave(): void {
    this.#round?.journal.close();
    this.#round = undefined;
  }

  /** Forgets journals before a round, and before an attempt at it. */
  drop(round: number, attempt = 0): void {
    dropJournals(this.#folder, round, attempt);
    this.#found = this.#found.filter(({ opening }) => !isBefore(opening, round, attempt));
  }

  #judge({ message, frame, origin }: Submission): Pick<Verdict, 'answer' | 'reason'> | Judged {
    const parts = partsOf(frame);
    if (parts === undefined) return { answer: 'FORGED', reason: 'the update has no signature' };
    const { header, tensor, seal } = parts;
    const digest = createHash('sha256').update(tensor).digest();
    if (!verifySignature(origin.key, updateStatement(origin, header, digest), seal)) {
      return { answer: 'FORGED', reason: 'the signature does not fit the update' };
    }
    const hex = digest.toString('hex');
    const standing = this.#standing(message, () => hex, message.examples);
    if (standing !== undefined) return standing;
    const { type: _, run: __, nonce: ___, ...sent } = message;
    return { round: this.#round as OpenRound, sent, digest: hex, bytes: tensor };
  }

  /** The answer to what can be told without looking at the update. */
  #standing(
    { run, round, nonce, client }: Pick<UpdateMessage, 'run' | 'round' | 'nonce' | 'client'>,
    digestOf: () => string,
    examples: number | undefined,
  ): { answer: Answer; reason: string } | undefined {
    const open = this.#round;
    const { opening } = open ?? {};
    if (open === undefined || opening?.run !== run || opening.round !== round || opening.nonce !== nonce) {
      return { answer: 'LATE', reason: 'that round is closed' };
    }
    if (!open.sizes.has(client)) return { answer: 'REJECTED', reason: `client ${client} is not in the cohort` };
    const settled = open.settled.get(client);
    if (settled !== undefined) {
      if (settled.refused !== undefined) return { answer: 'REJECTED', reason: settled.refused };
      const same = settled.digest === digestOf() && (examples ?? settled.examples) === settled.examples;
      if (same) return { answer: 'DUPLICATE', reason: `the update of client ${client} is counted already` };
      return { answer: 'REJECTED', reason: `conflict: another update of client ${client} is counted already` };
    }
    if (open.accepted >= opening.quota) return { answer: 'LATE', reason: 'enough others had replied before' };
    return undefined;
  }

  #count(round: OpenRound, sent: Sent, digest: string, values: Float32Array): CountedUpdate | Failure {
    const { parameters, sizes, aggregator, measure, tampering } = round;
    const { client } = sent;
    const examples = sizes.get(client) ?? 0;
    const digestOf = (delta: Float32Array) => (delta === values ? digest : sha256(delta));
    const reception = { parameters, examples, aggregator, measure, digestOf, tampering: tampering?.get(client) };
    const reply = receiveUpdate({ kind: 'update', ...sent, delta: values }, reception);
    const refused = reply.kind === 'failure' ? reply.reason : undefined;
    round.settled.set(client, { digest, examples: sent.examples, refused });
    if (reply.kind === 'update') round.accepted += 1;
    return reply;
  }
}

/** Undefined for a frame that is none without its last 64 bytes: it was sound as it came, so nobody has looked for a seal yet. */
function partsOf(frame: Uint8Array): SealedParts | undefined {
  try {
    return openSealed(frame);
  } catch {
    return undefined;
  }
}

/** A view where the bytes are aligned, as those of a frame are. Bytes that are no whole floats make no parameters at all. */
function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) return new Float32Array(0);
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function sha256(values: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}
