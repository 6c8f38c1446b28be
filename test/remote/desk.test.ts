/**
 * Exactly-once, as a model: submissions come twice, late, out of order, in conflict, replayed from an earlier connection or start,
 * forged, and the coordinator dies in between. Whatever happens, the sum is that of the set of clients that were told ACCEPTED.
 */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { identityOf } from 'fedtempo/client/identity.js';
import { Desk, type DeskRound, type Origin, type Submission, type Verdict } from 'fedtempo/server/remote/desk.js';
import type { Opening } from 'fedtempo/server/remote/journal.js';
import { now } from 'fedtempo/server/remote/steady-clock.js';
import { ExactMean } from 'fedtempo/shared/federation/exact-mean.js';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { frameParts, sealFrame } from 'fedtempo/shared/protocol/sealed.js';
import { updateStatement } from 'fedtempo/shared/protocol/statements.js';
import { afterAll, expect, test } from 'vitest';

const RUNS = 10_000;
const PARAMETERS = 3;
const CLIENTS = 5;
/** Client 4 is not in the cohort. */
const COHORT = [0, 1, 2, 3];
const SIZES = [7, 1, 12, 5];

// Each schedule waits for the disk several times; memory keeps the test short where there is some in the form of files.
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const root = mkdtempSync(join(parent, 'fedtempo-desk-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const identities = Array.from({ length: CLIENTS }, () => identityOf(generateKeyPairSync('ed25519').privateKey));

/** What a client may send: two sound updates that differ, and one that is not finite. */
const deltas = (client: number): Record<Content, Float32Array> => ({
  first: Float32Array.of(0.1 + client, -1 / 3, 1e-7 * client),
  second: Float32Array.of(-0.7, 2.5 + client, 0.3),
  nan: Float32Array.of(0, Number.NaN, 1),
});
type Content = 'first' | 'second' | 'nan';

interface Step {
  readonly kind: 'submit' | 'crash' | 'flush';
  readonly client: number;
  readonly content: Content;
  /** Of the connection that it comes through. */
  readonly connection: 'now' | 'again';
  /** `replayed`: signed for an earlier connection; `otherEpoch`: for an earlier start; `otherKey`: by another client. */
  readonly seal: 'right' | 'replayed' | 'otherEpoch' | 'otherKey' | 'broken';
  readonly round: 'open' | 'stale';
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 10, arbitrary: fc.constant('submit' as const) },
    { weight: 1, arbitrary: fc.constant('crash' as const) },
    { weight: 3, arbitrary: fc.constant('flush' as const) },
  ),
  client: fc.integer({ min: 0, max: CLIENTS - 1 }),
  content: fc.oneof(
    { weight: 6, arbitrary: fc.constant('first' as const) },
    { weight: 2, arbitrary: fc.constant('second' as const) },
    { weight: 1, arbitrary: fc.constant('nan' as const) },
  ),
  connection: fc.constantFrom('now' as const, 'again' as const),
  seal: fc.oneof(
    { weight: 12, arbitrary: fc.constant('right' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('replayed' as const, 'otherEpoch' as const, 'otherKey' as const, 'broken' as const),
    },
  ),
  round: fc.oneof(
    { weight: 12, arbitrary: fc.constant('open' as const) },
    { weight: 1, arbitrary: fc.constant('stale' as const) },
  ),
});

const opening = (quota: number): Opening => ({
  run: 'model',
  round: 3,
  attempt: 0,
  nonce: 'the round',
  selected: COHORT,
  cohort: COHORT,
  sizes: SIZES,
  quota,
  openedAt: now(),
  deadlineMs: 60_000,
});

function deskRound(quota: number): DeskRound {
  const { spec } = new ExactMean(PARAMETERS, 25);
  const sums = new Float64Array(PARAMETERS).fill(99);
  return { opening: opening(quota), parameters: PARAMETERS, spec, sums, measure: false };
}

/** Signing takes longer than anything else here, and there are only so many submissions. */
const made = new Map<string, Submission>();

function submissionOf({ client, content, connection, seal, round }: Step, epoch: number): Submission {
  const key = JSON.stringify([client, content, connection, seal, round, epoch]);
  const known = made.get(key);
  if (known !== undefined) return { ...known, frame: known.frame.slice() };
  const message = {
    type: 'update' as const,
    run: 'model',
    round: 3,
    nonce: round === 'open' ? 'the round' : 'the round before',
    client,
    examples: SIZES[client] ?? 3,
    metrics: { loss: 1, accuracy: 0.5, examplesUsed: 5 },
    used: { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 1, steps: 1, truncatedBatches: 0 },
    trainMs: 1,
  };
  const origin: Origin = { run: 'model', epoch, nonce: connection, key: identities[client].key };
  const signed = {
    ...origin,
    ...(seal === 'replayed' ? { nonce: 'before' } : {}),
    ...(seal === 'otherEpoch' ? { epoch: epoch + 1 } : {}),
  };
  const frame = encodeFrame(message, deltas(client)[content]);
  const { header, tensor } = frameParts(frame);
  const signer = identities[seal === 'otherKey' ? (client + 1) % CLIENTS : client];
  const signature = signer.sign(updateStatement(signed, header, createHash('sha256').update(tensor).digest()));
  if (seal === 'broken') signature[5] ^= 1;
  const submission = { message, frame: sealFrame(frame, signature), origin };
  made.set(key, submission);
  return { ...submission, frame: submission.frame.slice() };
}

/** What must be answered, and what is counted, told from the rules alone. */
class Model {
  readonly accepted = new Map<number, Content>();
  /** Refused for what they are; forgotten when the coordinator dies, since nobody was promised anything. */
  readonly refused = new Set<number>();
  readonly #quota: number;

  constructor(quota: number) {
    this.#quota = quota;
  }

  answer({ client, content, seal, round }: Step): Verdict['answer'] {
    if (seal !== 'right') return 'FORGED';
    if (round === 'stale') return 'LATE';
    if (!COHORT.includes(client)) return 'REJECTED';
    const before = this.accepted.get(client);
    if (before !== undefined) return before === content ? 'DUPLICATE' : 'REJECTED';
    if (this.refused.has(client)) return 'REJECTED';
    if (this.accepted.size >= this.#quota) return 'LATE';
    if (content === 'nan') {
      this.refused.add(client);
      return 'REJECTED';
    }
    this.accepted.set(client, content);
    return 'ACCEPTED';
  }
}

test(`the sum is that of the clients that were told ACCEPTED, in ${RUNS} schedules`, { timeout: 120_000 }, () => {
  let schedule = 0;
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), fc.integer({ min: 1, max: 4 }), (steps, quota) => {
      const folder = join(root, String(schedule++));
      let desk = new Desk(folder);
      let round = deskRound(quota);
      desk.open(round);
      let epoch = 1;
      const model = new Model(quota);
      let waiting: { step: Step; submission: Submission }[] = [];
      const flush = () => {
        const verdicts = desk.submit(waiting.map(({ submission }) => submission));
        const expected = waiting.map(({ step: one }) => model.answer(one));
        expect(verdicts.map(({ answer }) => answer)).toEqual(expected);
        for (const answer of expected) seen.set(answer, (seen.get(answer) ?? 0) + 1);
        waiting = [];
      };
      for (const one of steps) {
        if (one.kind === 'flush') flush();
        if (one.kind === 'submit') waiting.push({ step: one, submission: submissionOf(one, epoch) });
        if (one.kind !== 'crash') continue;
        // What had come and was not judged is lost with the process; what was acknowledged is not.
        waiting = [];
        desk.leave();
        desk = new Desk(folder);
        round = deskRound(quota);
        const back = desk.open(round);
        expect(back.map(({ kind, client }) => [kind, client])).toEqual(
          [...model.accepted.keys()].map((client) => ['update', client]),
        );
        model.refused.clear();
        epoch += 1;
      }
      flush();
      const tally = desk.close('complete');
      const clients = [...model.accepted.keys()].sort((a, b) => a - b);
      expect(tally.clients).toEqual(clients);
      const alone = new ExactMean(PARAMETERS, 25);
      for (const client of clients) {
        const delta = deltas(client)[model.accepted.get(client) as Content];
        alone.add({ client, delta, examples: SIZES[client] });
      }
      expect(tally).toEqual(alone.tally());
      if (clients.length > 0) {
        const summed = new ExactMean(PARAMETERS, 25, round.sums, tally).finish();
        expect(new BigUint64Array(summed.buffer)).toEqual(new BigUint64Array(alone.finish().buffer));
      }
      // A closed round takes nothing, whoever comes.
      const last = submissionOf({ ...(steps[0] as Step), seal: 'right', round: 'open' }, epoch);
      expect(desk.submit([last]).map(({ answer }) => answer)).toEqual(['LATE']);
      rmSync(folder, { recursive: true, force: true });
    }),
    { numRuns: RUNS, seed: 20_261_128 },
  );
  // Each kind of answer came up often: none of the rules was left untried.
  for (const answer of ['ACCEPTED', 'DUPLICATE', 'LATE', 'REJECTED', 'FORGED'])
    expect(seen.get(answer)).toBeGreaterThan(500);
});

test('an offer is weighed without its update: wanted, counted already, in conflict, or too late', () => {
  const folder = join(root, 'weigh');
  const desk = new Desk(folder);
  desk.open(deskRound(1));
  const digestOf = (content: Content) =>
    createHash('sha256')
      .update(new Uint8Array(deltas(0)[content].buffer))
      .digest('hex');
  const offer = (client: number, content: Content, nonce = 'the round') =>
    desk.weigh({ run: 'model', round: 3, nonce, client, digest: digestOf(content) });
  expect(offer(0, 'first')).toBeUndefined();
  const sent: Step = { kind: 'submit', client: 0, content: 'first', connection: 'now', seal: 'right', round: 'open' };
  expect(desk.submit([submissionOf(sent, 1)])[0].answer).toBe('ACCEPTED');
  expect(offer(0, 'first')).toMatchObject({ answer: 'DUPLICATE' });
  expect(offer(0, 'second')).toMatchObject({ answer: 'REJECTED', reason: expect.stringMatching(/^conflict: /) });
  expect(offer(1, 'first')).toMatchObject({ answer: 'LATE', reason: 'enough others had replied before' });
  expect(offer(4, 'first')).toMatchObject({ answer: 'REJECTED', reason: 'client 4 is not in the cohort' });
  expect(offer(1, 'first', 'another round')).toMatchObject({ answer: 'LATE', reason: 'that round is closed' });
});

test('examples that differ from those of the seat are refused, and so are bytes that are no whole parameters', () => {
  const folder = join(root, 'examples');
  const desk = new Desk(folder);
  desk.open(deskRound(4));
  const { message, origin } = submissionOf(
    { kind: 'submit', client: 2, content: 'first', connection: 'now', seal: 'right', round: 'open' },
    1,
  );
  const send = (change: object, tensor: Uint8Array) => {
    const bare = encodeFrame({ ...message, ...change });
    const frame = new Uint8Array(bare.length + tensor.length);
    frame.set(bare);
    frame.set(tensor, bare.length);
    const parts = frameParts(frame);
    const digest = createHash('sha256').update(parts.tensor).digest();
    const { client = 2 } = change as { client?: number };
    const from = { ...origin, key: identities[client].key };
    const seal = identities[client].sign(updateStatement(from, parts.header, digest));
    return desk.submit([{ message: { ...message, ...change }, frame: sealFrame(frame, seal), origin: from }])[0];
  };
  const sound = new Uint8Array(deltas(2).first.buffer);
  expect(send({ examples: 13 }, sound)).toMatchObject({ answer: 'REJECTED', reply: { code: 'wrong-examples' } });
  expect(send({ client: 3, examples: 5 }, sound.subarray(0, 10))).toMatchObject({
    answer: 'REJECTED',
    reply: { code: 'wrong-length' },
  });
  expect(send({ client: 0, examples: 7 }, sound)).toMatchObject({ answer: 'ACCEPTED' });
  expect(desk.close('deadline').clients).toEqual([0]);
});
