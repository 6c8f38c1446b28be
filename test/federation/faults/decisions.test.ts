/** Who is hit when: a pure function of seed, rules, round and client. */
import fc from 'fast-check';
import { withFaults } from 'fedtempo/server/pool/faults.js';
import { InlinePool } from 'fedtempo/server/pool/inline.js';
import type { RoundWork } from 'fedtempo/server/pool/pool.js';
import { createFaults } from 'fedtempo/shared/federation/faults/faults.js';
import { type FaultRule, faultsSchema } from 'fedtempo/shared/federation/faults/rules.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { describe, expect, test } from 'vitest';
import { digits } from '../../support/digits.js';
import { updateOf } from '../update.js';

const rules = (...list: object[]): FaultRule[] => faultsSchema.parse(list);
const never = new AbortController().signal;

/** How many of `trials` draws with probability p lie between, five standard deviations to either side. */
function expectBinomial(hits: number, trials: number, p: number): void {
  expect(Math.abs(hits - trials * p)).toBeLessThan(5 * Math.sqrt(trials * p * (1 - p)));
}

describe('of 20,000 chances on a fixed seed', () => {
  const hitsOf = (rule: object) => {
    const faults = createFaults(rules(rule), 11);
    const hits: [number, number][] = [];
    for (let round = 0; round < 100; round++) {
      for (let client = 0; client < 200; client++) if (faults.of(round, client)) hits.push([round, client]);
    }
    return hits;
  };

  test.each([0.03, 0.3, 0.9])('a rule with probability %d takes its share, every round anew', (probability) => {
    const hits = hitsOf({ kind: 'drop', probability });
    expectBinomial(hits.length, 20_000, probability);
    for (const at of [0, 57, 99]) expectBinomial(hits.filter(([round]) => round === at).length, 200, probability);
    for (const at of [0, 9, 199]) expectBinomial(hits.filter(([, client]) => client === at).length, 100, probability);
  });

  test('a fraction of the population is hit in every round, the others in none', () => {
    const hits = hitsOf({ kind: 'drop', clients: { fraction: 0.25 } });
    const clients = new Set(hits.map(([, client]) => client));
    expectBinomial(clients.size, 200, 0.25);
    expect(hits).toHaveLength(100 * clients.size);
  });
});

test('two rules with the same fraction concern other clients, and so do two seeds', () => {
  const drop = { kind: 'drop', clients: { fraction: 0.5 } };
  const none = { kind: 'crash', clients: [999] };
  const concerned = (seed: number, ...list: object[]) => {
    const faults = createFaults(rules(...list), seed);
    return Array.from({ length: 64 }, (_, client) => faults.of(0, client)?.kind === 'drop');
  };
  expect(concerned(1, drop)).not.toEqual(concerned(1, none, drop));
  expect(concerned(1, drop)).not.toEqual(concerned(2, drop));
  expect(concerned(1, drop)).toEqual(concerned(1, drop));
});

test('rules hold for the clients and the rounds they name, both ends of a range included', () => {
  const faults = createFaults(
    rules(
      { kind: 'drop', clients: [3, 7], rounds: [0, 5] },
      { kind: 'crash', clients: [4], rounds: { from: 2, to: 4 } },
      { kind: 'late', clients: [5], rounds: { from: 6 } },
      { kind: 'duplicate', clients: [6], rounds: { to: 1 } },
    ),
    1,
  );
  const hits: string[] = [];
  for (let round = 0; round < 9; round++) {
    for (let client = 0; client < 10; client++) {
      const rule = faults.of(round, client);
      if (rule !== undefined) hits.push(`${round}/${client} ${rule.kind}`);
    }
  }
  expect(hits).toEqual([
    ...['0/3 drop', '0/6 duplicate', '0/7 drop', '1/6 duplicate', '2/4 crash', '3/4 crash', '4/4 crash'],
    ...['5/3 drop', '5/7 drop', '6/5 late', '7/5 late', '8/5 late'],
  ]);
});

test('of several rules that hit a client the first acts; what an earlier one does moves no later one', () => {
  const late = { kind: 'late', probability: 0.5 };
  const both = createFaults(rules({ kind: 'drop', clients: [2], probability: 0.5 }, late), 4);
  const alone = createFaults(rules({ kind: 'drop', clients: [999] }, late), 4);
  const kinds = new Set<string | undefined>();
  for (let round = 0; round < 50; round++) {
    const [found, without] = [both.of(round, 2)?.kind, alone.of(round, 2)?.kind];
    kinds.add(found);
    if (found !== 'drop') expect(found).toBe(without);
    expect(both.of(round, 1)?.kind).toBe(alone.of(round, 1)?.kind);
  }
  expect(kinds).toEqual(new Set(['drop', 'late', undefined]));
});

test('clients are named by the class of their device', () => {
  const list = rules({ kind: 'drop', clients: { device: 'phone' } });
  const faults = createFaults(list, 1, (client) => (client % 3 === 0 ? 'phone' : 'tablet'));
  expect([0, 1, 2, 3, 4].map((client) => faults.of(8, client)?.kind)).toEqual([
    'drop',
    undefined,
    undefined,
    'drop',
    undefined,
  ]);
});

test('a delay adds its seconds where it hits, and nothing elsewhere', () => {
  const faults = createFaults(rules({ kind: 'delay', seconds: 30, clients: [4], rounds: [2] }), 1);
  expect([faults.delaySeconds(2, 4), faults.delaySeconds(2, 5), faults.delaySeconds(3, 4)]).toEqual([30, 0, 0]);
});

const anyRule = fc.record({
  kind: fc.constantFrom('drop', 'crash', 'late', 'duplicate'),
  probability: fc.double({ min: 0.05, max: 1, noNaN: true }),
  clients: fc.oneof(fc.constant(undefined), fc.constant({ fraction: 0.5 }), fc.constant([1, 5, 8])),
  rounds: fc.oneof(fc.constant(undefined), fc.constant([2, 3]), fc.constant({ from: 1, to: 3 })),
});

test('neither the order of the cohort nor how it is divided into groups changes what befalls a client', async () => {
  const { planOf, weights } = await digits();
  const plan = planOf(2);
  const pool = new InlinePool(
    (_, client) => ({ ...updateOf(client, 5, weights), round: 2 }),
    new Spans(() => 0, false),
  );
  const clients = Array.from({ length: 12 }, (_, client) => client);
  const fates = async (list: FaultRule[], seed: number, cohorts: readonly number[][]) => {
    const groups = cohorts.map((cohort) => ({ plan, weights, clients: cohort }));
    const work: RoundWork = { groups, shardSize: () => 5, measure: false };
    const fated: [number, string][] = [];
    for await (const { reply } of withFaults(pool, createFaults(list, seed), seed).dispatch(work, never)) {
      fated.push([reply.client, `${reply.kind} ${reply.fault}`]);
    }
    return fated.sort(([a], [b]) => a - b);
  };
  const shuffled = fc.shuffledSubarray(clients, { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRule, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      shuffled,
      fc.integer({ min: 0, max: 12 }),
      async (list, seed, order, cut) => {
        const parsed = rules(...list);
        const faults = createFaults(parsed, seed);
        const expected = clients.map((client) => faults.of(2, client)?.kind);
        const got = await fates(parsed, seed, [order.slice(0, cut), order.slice(cut)]);
        expect(got).toEqual(await fates(parsed, seed, [clients]));
        expect(got.map(([, fate]) => fate.split(' ')[1])).toEqual(expected.map(String));
      },
    ),
    { numRuns: 40 },
  );
});
