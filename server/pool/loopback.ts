/** The door of a run that starts its own client processes: this machine alone, and only who carries the run's token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebSocket } from 'ws';
import { limits, maxFrameBytes } from '../../shared/protocol/limits.js';
import { refusal } from '../http/answer.js';
import { type Door, openDoor } from '../http/door.js';

export interface LoopbackOptions {
  readonly port: number;
  readonly token: string;
  /** float32 values of an update, which is the largest frame that clients send. */
  readonly updateValues: number;
  readonly onSocket: (socket: WebSocket) => void;
  /** Connections that have been let in but are not assigned yet. */
  readonly pending: () => number;
  readonly onRefused: (reason: string) => void;
}

/** @throws FedtempoError PORT_UNAVAILABLE */
export function openLoopback({ port, token, updateValues, ...options }: LoopbackOptions): Promise<Door> {
  return openDoor({
    host: '127.0.0.1',
    port,
    prefix: '',
    trustedProxies: [],
    origins: [],
    limits,
    maxPayload: maxFrameBytes(updateValues),
    answer: () => refusal(426, 'clients connect here by WebSocket'),
    admit: ({ headers }) => {
      if (!bears(headers.authorization, token)) return { refuse: 401, reason: "the run's token is missing or wrong" };
      if (options.pending() >= limits.pendingConnections) return { refuse: 503, reason: 'too many are connecting' };
      return { accept: options.onSocket };
    },
    onRefused: options.onRefused,
  });
}

function bears(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}
