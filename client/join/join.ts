/**
 * A client of a coordinator on another machine, for the command line and for programs that embed it: it proves who it is,
 * declares what it has, trains when it is asked, and comes back when the network, the coordinator or this machine was away.
 */
import { FedtempoError, messageOf } from '../../shared/errors.js';
import type { KernelsName } from '../../shared/kernels/choose.js';
import { MAX_PARAMETERS } from '../../shared/model/model.js';
import { closeCodes } from '../../shared/protocol/close-codes.js';
import { limits, maxFrameBytes, PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import type { Answer } from '../../shared/protocol/messages.js';
import { connectStatement } from '../../shared/protocol/statements.js';
import type { Identity } from '../identity.js';
import { explain } from '../secure/explain.js';
import { dial, Refused } from '../secure/line.js';
import type { Trust } from '../secure/verify.js';
import { backOffMs, pause } from './back-off.js';
import { readChallenge } from './challenge.js';
import { Outbox } from './outbox.js';
import { runSession, type SessionEnd } from './session.js';
import { type AskForData, type Holding, Trainer, type Wanted } from './trainer.js';

export type JoinEvent =
  | { readonly type: 'joined'; readonly client: number }
  | { readonly type: 'training'; readonly client: number; readonly round: number }
  | {
      readonly type: 'answered';
      readonly client: number;
      readonly round: number;
      readonly answer: Answer;
      readonly reason: string;
    }
  /** The connection ended, or could not be made; it is tried again. */
  | { readonly type: 'away'; readonly reason: string; readonly againInMs: number };

export interface JoinOptions extends Trust {
  /** `wss://host:port`, with a path behind a reverse proxy; `ws://` on this machine. */
  readonly url: string;
  readonly identity: Identity;
  /** A one-time token, for a key that is not enrolled yet. */
  readonly token?: string | undefined;
  /** The client that it asks to be; any free one if left out. */
  readonly client?: number | undefined;
  /** Trains; may be shared by the clients of a process, who are its parts. */
  readonly trainer: Trainer;
  readonly part?: number;
  /** Ends it: the client says goodbye. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: JoinEvent) => void;
  readonly software?: string;
}

/** How it ended: the run is over, or the signal aborted it. */
export interface Joined {
  readonly over: boolean;
  readonly reason: string;
}

export { type AskForData, type Holding, Trainer, type Wanted };

/** Makes a trainer of what the clients of a process have. */
export function createTrainer(holding: Holding, kernels: KernelsName = 'auto'): Trainer {
  return new Trainer(holding, kernels);
}

/** Closings that coming again would not change. */
const FINAL: ReadonlySet<number> = new Set([
  closeCodes.VERSION_MISMATCH,
  closeCodes.SLOT_TAKEN,
  closeCodes.DATASET_MISMATCH,
  closeCodes.SUPERSEDED,
  closeCodes.REVOKED,
]);

/** Refusals of an upgrade that coming again may change: a challenge that was too old, a coordinator that is full or not there. */
const PASSING: ReadonlySet<number> = new Set([401, 408, 425, 429, 500, 502, 503, 504]);

/** Challenges in a row that may be refused: the signature is wrong then, not the clock. */
const MOST_UNAUTHORIZED = 5;

/**
 * Takes part in a run until it is over.
 *
 * @throws FedtempoError JOIN_REFUSED, TLS_FAILED, TLS_INVALID: what coming again would not change; and what `onEvent` throws
 */
export async function join(options: JoinOptions): Promise<Joined> {
  const listening = new AbortController();
  const thrown: unknown[] = [];
  const onEvent = (event: JoinEvent) => {
    try {
      options.onEvent?.(event);
    } catch (error) {
      thrown.push(error);
      listening.abort();
    }
  };
  const joined = await takePart({ ...options, onEvent, signal: AbortSignal.any([options.signal, listening.signal]) });
  if (thrown.length > 0) throw thrown[0];
  return joined;
}

async function takePart(options: JoinOptions & { onEvent: (event: JoinEvent) => void }): Promise<Joined> {
  const { signal, onEvent } = options;
  const outbox = new Outbox();
  let failures = 0;
  let unauthorized = 0;
  while (!signal.aborted) {
    let away: { readonly reason: string; readonly returnAfterMs?: number | undefined };
    try {
      const ready = () => {
        failures = 0;
        unauthorized = 0;
      };
      const end = await attempt(options, outbox, ready);
      if (signal.aborted) break;
      if (end.code === closeCodes.GOODBYE) return { over: true, reason: end.reason };
      if (end.code === closeCodes.CLIENT_FAILED) throw unable(options.url, end.reason);
      if (FINAL.has(end.code)) throw refused(options.url, end.reason);
      away = { reason: `${end.reason || 'the connection ended'} (${end.code})`, returnAfterMs: end.returnAfterMs };
    } catch (error) {
      if (signal.aborted) break;
      const told = explain(error, options.url);
      if (told !== undefined) throw told;
      if (!(error instanceof Refused)) away = { reason: messageOf(error) };
      else {
        unauthorized = error.status === 401 ? unauthorized + 1 : 0;
        if (!PASSING.has(error.status) || unauthorized >= MOST_UNAUTHORIZED) throw refused(options.url, error.reason);
        const after = error.retryAfterSeconds;
        away = { reason: error.message, returnAfterMs: after === undefined ? undefined : 1000 * after };
      }
    }
    const againInMs = (away.returnAfterMs ?? 0) + backOffMs(failures);
    failures += 1;
    onEvent({ type: 'away', reason: away.reason, againInMs });
    await pause(againInMs, signal);
  }
  return { over: false, reason: 'stopped' };
}

/** One connection, from the challenge to its end. */
async function attempt(options: JoinOptions, outbox: Outbox, onReady: () => void): Promise<SessionEnd> {
  const { url, ca, pins, identity, token, client, part = 0, trainer, signal, onEvent = () => {}, software } = options;
  const line = dial(url, { ca, pins, timeoutMs: limits.handshakeMs });
  const stop = () => line.close();
  signal.addEventListener('abort', stop);
  try {
    const { protocol, ...moment } = readChallenge(await line.get('/challenge'), url);
    if (protocol !== PROTOCOL_VERSION) {
      throw refused(url, `coordinator speaks protocol ${protocol}, this client ${PROTOCOL_VERSION}`);
    }
    const { key } = identity;
    const signature = Buffer.from(identity.sign(connectStatement({ ...moment, key }))).toString('base64url');
    const proof = { 'fedtempo-key': key, 'fedtempo-nonce': moment.nonce, 'fedtempo-signature': signature };
    const headers = token === undefined ? proof : { ...proof, 'fedtempo-token': token };
    const socket = await line.upgrade('/join', { headers, maxPayload: maxFrameBytes(2 * MAX_PARAMETERS) });
    return await runSession(socket, {
      moment,
      identity,
      software: software ?? 'fedtempo',
      client,
      part,
      outbox,
      trainer,
      signal,
      onReady: (index) => {
        onReady();
        onEvent({ type: 'joined', client: index });
      },
      onTask: (task) => onEvent({ type: 'training', ...task }),
      onAnswer: ({ round, client: index, answer, reason }) =>
        onEvent({ type: 'answered', client: index, round, answer, reason }),
    });
  } finally {
    signal.removeEventListener('abort', stop);
    line.close();
  }
}

function refused(url: string, found: string): FedtempoError {
  return new FedtempoError('JOIN_REFUSED', 'the coordinator refuses the client', {
    where: url,
    found,
    expected: 'a client that is enrolled and whose data fit the scenario',
    fix: 'see fedtempo join --help; whoever runs the coordinator can enrol a client with fedtempo enroll',
  });
}

function unable(url: string, found: string): FedtempoError {
  return new FedtempoError('JOIN_REFUSED', 'the client cannot take part in this run', {
    where: url,
    found: found.split('\n').join('; ').replace(/;\s+/g, '; '),
    expected: 'data that can be opened here and fit the scenario',
    fix: 'see fedtempo join --help and docs/own-data.md',
  });
}
