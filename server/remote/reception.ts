/**
 * What clients on other machines say, and what they are answered: who they are in the run, what they have, and what becomes
 * of their updates. Knows the open round, if there is one; nothing of how rounds come about.
 */
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import { type Limits, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import type { ServerMessage } from '../../shared/protocol/messages.js';
import type { ParsedScenario } from '../../shared/scenario/schema.js';
import { failpoint } from '../failpoint.js';
import type { CloseName } from '../pool/link.js';
import { turn } from '../pool/turn.js';
import type { Admitted } from './admission.js';
import { Credit } from './credit.js';
import { type Declared, judgeDeclaration } from './declaration.js';
import type { Intake } from './intake.js';
import { MemberConnection, type MemberEvents } from './member-connection.js';
import type { Members } from './members.js';
import type { RemoteRound, Standing } from './remote-round.js';

/** What happens to clients and their messages, for metrics and logs. */
export interface Observer {
  joined(client: number): void;
  /** @param name of the close code; undefined for one that is not ours, as of a lost connection */
  left(client: number, name: CloseName | undefined): void;
  answered(answer: Standing['answer']): void;
  /** A peer was closed for what it did. @param client undefined if it is none */
  refused(name: CloseName | undefined, client: number | undefined): void;
}

/** What clients are told of the run, and what theirs must fit. */
export interface ReceptionOptions {
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
  readonly intake: Intake;
  readonly limits: Limits;
  readonly observer: Observer;
}

export class Reception {
  /** The round that is open. */
  round: RemoteRound | undefined;
  /** The coordinator stops in an open round: what comes now is offered again when it goes on, and is not too late. */
  leaving = false;
  readonly #options: ReceptionOptions;
  readonly #members: Members;
  readonly #credit: Credit<MemberConnection>;

  /** @param uploadBytes of the largest update */
  constructor(options: ReceptionOptions, members: Members, uploadBytes: number) {
    this.#options = options;
    this.#members = members;
    const { inboundBytes, uploadMs } = options.limits;
    this.#credit = new Credit({ uploadBytes, inboundBytes, uploadMs, behind: () => turn.behind }, (member) =>
      member.close('NO_CREDIT', 'the upload did not come in time'),
    );
  }

  /** Takes the socket of a peer that was admitted. */
  accept(socket: WebSocket, { origin, enrolled }: Admitted): void {
    const events: MemberEvents = {
      ...this.#events,
      greet: (member, wanted) => this.#greet(member, enrolled, wanted),
      declared: (member, ready) => this.#declared(member, ready, enrolled.name),
    };
    new MemberConnection(socket, origin, this.#options.limits, events);
  }

  #greet(member: MemberConnection, enrolled: Admitted['enrolled'], wanted: number | undefined) {
    const seat = this.#members.seat(member, enrolled, wanted);
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

  /** @param name what the enrolment calls the client */
  #declared(member: MemberConnection, declared: Declared, name: string | undefined) {
    try {
      return this.#declare(member, declared, name);
    } catch (error) {
      this.#options.intake.fail(error as Error);
      return { refuse: 'GOING_AWAY' as const, reason: 'the coordinator stops for now' };
    }
  }

  #declare(member: MemberConnection, declared: Declared, name: string | undefined) {
    const { client, origin } = member;
    const judged = judgeDeclaration(declared, this.#options, client, this.#members.known(client));
    if ('refuse' in judged) return judged;
    if (this.#members.known(client) === undefined) {
      this.#members.take({ client, key: origin.key, ...judged, ...(name === undefined ? {} : { name }) });
    }
    // The connection is ready once this has returned.
    queueMicrotask(() => {
      this.#options.observer.joined(client);
      this.#members.changed();
      if (this.round?.owes(client)) void this.round.tell(member);
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

  readonly #events: Omit<MemberEvents, 'greet' | 'declared'> = {
    offered: (member, { type: _, ...offered }) => {
      if (this.leaving) return;
      if (offered.client !== member.client) return this.#answer(member, offered, notYours(offered.client));
      if (!this.round?.matches(offered)) return this.#answer(member, offered, LATE);
      const { run, round, client } = offered;
      const grant = () => {
        // It may be gone by now, and would hold its grant in vain.
        if (member.ready) this.#credit.ask(member, () => member.send({ type: 'grant', run, round, client }));
      };
      const weighing = this.round.weigh(offered);
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
      if (this.leaving) return answer(undefined);
      if (message.client !== member.client) return answer(notYours(message.client));
      if (!this.round?.matches(message)) return answer(LATE);
      const submission = { message, frame: ownBytes(frame), origin: member.origin };
      // Where the desk is broken nothing is granted any more.
      void this.round
        .submit(submission)
        .then(answer)
        .catch(() => {});
    },

    failed: (member, failure) => {
      if (failure.client !== member.client || !this.round?.matches(failure)) return;
      this.round.fail(
        member.client,
        'client-error',
        `client ${member.client} could not train: ${printable(failure.reason)}`,
      );
    },

    closed: (member, code) => {
      this.#credit.release(member);
      const { observer } = this.#options;
      const had = this.#members.leave(member);
      const name = closeNames.get(code);
      const client = member.client < 0 ? undefined : member.client;
      if (client === undefined || (name !== undefined && !HARMLESS.has(name))) observer.refused(name, client);
      if (!had) return;
      observer.left(member.client, name);
      this.round?.gone(member.client, name === 'GOODBYE' || name === 'REVOKED');
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
