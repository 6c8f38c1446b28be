import { join } from 'node:path';
import { Admission, type AdmissionOptions } from 'fedtempo/server/remote/admission.js';
import { Enrolment } from 'fedtempo/server/remote/enrolment.js';
import { connectStatement, type Moment } from 'fedtempo/shared/protocol/statements.js';
import { describe, expect, test, vi } from 'vitest';
import { newIdentity } from '../support/member.js';
import { temporaryFolder } from '../support/processes.js';

const alice = newIdentity();
const bob = newIdentity();
const open = (more: Partial<AdmissionOptions> = {}) =>
  new Admission({ run: 'digits', epoch: 2, enrolment: undefined, nonceMs: 30_000, ...more });

/** The headers of an honest client. */
function proof(moment: Moment, { key, sign } = alice, token?: string) {
  const signature = Buffer.from(sign(connectStatement({ ...moment, key }))).toString('base64url');
  const headers = { 'fedtempo-key': key, 'fedtempo-nonce': moment.nonce, 'fedtempo-signature': signature };
  return token === undefined ? headers : { ...headers, 'fedtempo-token': token };
}

const TOO_OLD = { refuse: 401, reason: 'the challenge is too old, was used, or is not of this coordinator' };
const UNSIGNED = { refuse: 401, reason: 'a connection begins with a signed challenge: GET challenge first' };
const MISSIGNED = { refuse: 401, reason: 'the signature does not fit key and challenge' };

describe('a signed challenge', () => {
  test('lets its signer in, as who it is', () => {
    const admission = open();
    const challenge = admission.challenge();
    expect(challenge).toMatchObject({ protocol: 2, run: 'digits', epoch: 2 });
    expect(admission.judge(proof(challenge))).toEqual({
      origin: { run: 'digits', epoch: 2, nonce: challenge.nonce, key: alice.key },
      enrolled: {},
    });
  });

  test('serves once, for whomever', () => {
    const admission = open();
    const challenge = admission.challenge();
    expect(admission.judge(proof(challenge))).toHaveProperty('origin');
    expect(admission.judge(proof(challenge))).toEqual(TOO_OLD);
    expect(admission.judge(proof(challenge, bob))).toEqual(TOO_OLD);
    expect(admission.judge(proof(admission.challenge(), bob))).toHaveProperty('origin');
  });

  test('is not used up by a wrong signature', () => {
    const admission = open();
    const challenge = admission.challenge();
    const mallory = { ...proof(challenge, bob), 'fedtempo-key': alice.key };
    expect(admission.judge(mallory)).toEqual(MISSIGNED);
    expect(admission.judge(proof(challenge))).toHaveProperty('origin');
  });

  test('of another coordinator, or with anything in it changed, is none', () => {
    const admission = open();
    expect(admission.judge(proof(open().challenge()))).toEqual(TOO_OLD);
    const { nonce, ...moment } = admission.challenge();
    const [time, random, seal] = nonce.split('.');
    const changed = [
      `${Number(time) + 1}.${random}.${seal}`,
      `${time}.${random.slice(1)}A.${seal}`,
      `${time}.${random}.${seal.slice(1)}`,
      `${time}.${random}.`,
      `${time}.${random}`,
      `${nonce}.`,
      '',
      'é'.repeat(43),
    ];
    for (const other of changed) expect(admission.judge(proof({ ...moment, nonce: other })), other).toEqual(TOO_OLD);
  });

  test('may be answered as long as it is told, and is remembered as long, so that it cannot serve again', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const admission = open({ nonceMs: 500 });
      const [used, timely, late] = [0, 1, 2].map(() => admission.challenge());
      expect(admission.judge(proof(used))).toHaveProperty('origin');
      vi.advanceTimersByTime(499);
      expect(admission.judge(proof(timely))).toHaveProperty('origin');
      expect(admission.judge(proof(used))).toEqual(TOO_OLD);
      vi.advanceTimersByTime(2);
      expect(admission.judge(proof(late))).toEqual(TOO_OLD);
      vi.advanceTimersByTime(10_000);
      for (const one of [used, timely]) expect(admission.judge(proof(one))).toEqual(TOO_OLD);
    } finally {
      vi.useRealTimers();
    }
  });

  test('signed for another run, another start or another key does not fit', () => {
    const admission = open();
    const { run, epoch, nonce } = admission.challenge();
    expect(admission.judge(proof({ run: 'other', epoch, nonce }))).toEqual(MISSIGNED);
    expect(admission.judge(proof({ run, epoch: 3, nonce }))).toEqual(MISSIGNED);
    expect(admission.judge({ ...proof({ run, epoch, nonce }), 'fedtempo-key': bob.key })).toEqual(MISSIGNED);
    expect(admission.judge({ ...proof({ run, epoch, nonce }), 'fedtempo-signature': '' })).toEqual(MISSIGNED);
  });

  test('is asked for where a header is missing or given twice', () => {
    const admission = open();
    const whole = proof(admission.challenge());
    expect(admission.judge({})).toEqual(UNSIGNED);
    for (const name of Object.keys(whole) as (keyof typeof whole)[]) {
      const { [name]: value, ...rest } = whole;
      expect(admission.judge(rest), name).toEqual(UNSIGNED);
      expect(admission.judge({ ...rest, [name]: [value, value] }), name).toEqual(UNSIGNED);
    }
    expect(admission.judge(whole)).toHaveProperty('origin');
  });

  test('by a key of small order, which anybody can sign for, lets nobody in', () => {
    const admission = open();
    // The neutral element, and S = 0 with R = the neutral element: a signature of everything by it.
    const neutral = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
    const signature = Buffer.concat([neutral, Buffer.alloc(32)]).toString('base64url');
    const { nonce } = admission.challenge();
    const headers = { 'fedtempo-key': neutral.toString('base64url'), 'fedtempo-nonce': nonce };
    expect(admission.judge({ ...headers, 'fedtempo-signature': signature })).toEqual(MISSIGNED);
  });
});

describe('where clients are enrolled', () => {
  function enrolled() {
    const clock = { now: Date.parse('2026-03-01T12:00:00Z') };
    const enrolment = Enrolment.create(join(temporaryFolder(), 'enrolment'), () => clock.now);
    const admission = open({ enrolment });
    const judge = (identity = alice, token?: string) => admission.judge(proof(admission.challenge(), identity, token));
    return { enrolment, judge, admission, clock };
  }

  test('a key that is not enrolled is told how it would be', () => {
    const { judge } = enrolled();
    expect(judge()).toMatchObject({ refuse: 403, reason: expect.stringContaining('fedtempo enroll --key') });
  });

  test('a key that is enrolled comes in with its name and number, until that is revoked', () => {
    const { enrolment, judge } = enrolled();
    enrolment.addKey(alice.key, { name: 'ward 3', client: 5 });
    expect(judge()).toMatchObject({ enrolled: { name: 'ward 3', client: 5 } });
    expect(judge(bob)).toMatchObject({ refuse: 403 });
    enrolment.revoke('ward 3');
    expect(judge()).toMatchObject({ refuse: 403 });
  });

  test('a token enrols one key, which needs it no more; another key is told that it was used', () => {
    const { enrolment, judge } = enrolled();
    const token = enrolment.addToken({ client: 2 });
    expect(judge(alice, token)).toMatchObject({ enrolled: { client: 2 } });
    expect(judge(alice)).toMatchObject({ enrolled: { client: 2 } });
    expect(judge(bob, token)).toMatchObject({
      refuse: 403,
      reason: 'the token was used by another client; ask for another one (fedtempo enroll)',
    });
  });

  test('a token that has expired, or that nobody made, is said to be so', () => {
    const { enrolment, judge, clock } = enrolled();
    const token = enrolment.addToken({ expiresAt: new Date(clock.now + 1000) });
    clock.now += 1000;
    expect(judge(alice, token)).toMatchObject({
      refuse: 403,
      reason: expect.stringMatching(/^the token has expired;/),
    });
    expect(judge(alice, `ft1_${'A'.repeat(43)}`)).toMatchObject({ reason: expect.stringMatching(/^no such token;/) });
    expect(judge(alice, '../../etc/passwd')).toMatchObject({ reason: expect.stringMatching(/^no such token;/) });
  });

  test('nobody spends a token without a signature', () => {
    const { enrolment, judge, admission } = enrolled();
    const token = enrolment.addToken();
    const challenge = admission.challenge();
    const forged = { ...proof(challenge, bob, token), 'fedtempo-key': newIdentity().key };
    expect(admission.judge(forged)).toEqual(MISSIGNED);
    expect(judge(alice, token)).toHaveProperty('origin');
  });
});
