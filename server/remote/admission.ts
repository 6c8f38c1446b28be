/**
 * Who may open a connection. A client asks for a challenge, signs it with its key, and sends the signature with the request to
 * upgrade; so nobody has a WebSocket, or a buffer for one, who has not proved to be on the list.
 *
 * A challenge is not stored: it carries its time and a hash that only this coordinator could have made. It serves once.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { PROTOCOL_VERSION } from '../../shared/protocol/limits.js';
import { connectStatement } from '../../shared/protocol/statements.js';
import type { Origin } from './desk.js';
import type { Enrolled, Enrolment } from './enrolment.js';
import { isKey, verifySignature } from './signature.js';

/** What a client is told before it connects, as JSON. */
export interface Challenge {
  readonly protocol: number;
  readonly run: string;
  readonly epoch: number;
  readonly nonce: string;
}

export interface AdmissionOptions {
  readonly run: string;
  readonly epoch: number;
  /** Undefined where everybody may join. */
  readonly enrolment: Enrolment | undefined;
  readonly nonceMs: number;
}

export type Admitted = { readonly origin: Origin; readonly enrolled: Omit<Enrolled, 'key'> };
export type Turned = { readonly refuse: number; readonly reason: string };

/** Headers of the upgrade, in lower case. */
export const admissionHeaders = {
  key: 'fedtempo-key',
  nonce: 'fedtempo-nonce',
  signature: 'fedtempo-signature',
  token: 'fedtempo-token',
} as const;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #secret = randomBytes(32);
  /** Challenges that were answered and are not too old yet, with the time at which they are. */
  readonly #used = new Map<string, number>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  challenge(): Challenge {
    const { run, epoch } = this.#options;
    const body = `${Math.floor(performance.now())}.${randomBytes(16).toString('base64url')}`;
    return { protocol: PROTOCOL_VERSION, run, epoch, nonce: `${body}.${this.#seal(body)}` };
  }

  /** Judges a request to upgrade. */
  judge(headers: IncomingHttpHeaders): Admitted | Turned {
    const [key, nonce, signature] = [
      headers[admissionHeaders.key],
      headers[admissionHeaders.nonce],
      headers[admissionHeaders.signature],
    ];
    if (typeof key !== 'string' || typeof nonce !== 'string' || typeof signature !== 'string') {
      return { refuse: 401, reason: 'a connection begins with a signed challenge: GET challenge first' };
    }
    const { run, epoch, enrolment } = this.#options;
    if (!this.#fresh(nonce))
      return { refuse: 401, reason: 'the challenge is too old, was used, or is not of this coordinator' };
    const statement = connectStatement({ run, epoch, nonce, key });
    if (!isKey(key) || !verifySignature(key, statement, Buffer.from(signature, 'base64url'))) {
      return { refuse: 401, reason: 'the signature does not fit key and challenge' };
    }
    this.#used.set(nonce, performance.now() + this.#options.nonceMs);
    const origin = { run, epoch, nonce, key };
    if (enrolment === undefined) return { origin, enrolled: {} };
    const enrolled = enrolment.find(key) ?? this.#redeem(enrolment, key, headers[admissionHeaders.token]);
    return 'refuse' in enrolled ? enrolled : { origin, enrolled };
  }

  #redeem(enrolment: Enrolment, key: string, token: string | string[] | undefined): Enrolled | Turned {
    if (typeof token !== 'string') {
      return {
        refuse: 403,
        reason: 'this key is not enrolled; join with --token, or have it enrolled with fedtempo enroll --key',
      };
    }
    const redeemed = enrolment.redeem(token, key);
    if (typeof redeemed !== 'string') return redeemed;
    const why = {
      unknown: 'no such token',
      used: 'the token was used by another client',
      expired: 'the token has expired',
    };
    return { refuse: 403, reason: `${why[redeemed]}; ask for another one (fedtempo enroll)` };
  }

  #fresh(nonce: string): boolean {
    const present = performance.now();
    for (const [known, until] of this.#used) {
      if (until >= present) break;
      this.#used.delete(known);
    }
    const parts = nonce.split('.');
    if (parts.length !== 3 || this.#used.has(nonce)) return false;
    const [time, random, seal] = parts;
    const expected = Buffer.from(this.#seal(`${time}.${random}`));
    const given = Buffer.from(seal);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    const age = present - Number(time);
    return age >= 0 && age <= this.#options.nonceMs;
  }

  #seal(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url');
  }
}
