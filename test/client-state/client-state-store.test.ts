import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ClientStateStore } from 'fedtempo/server/client-state/client-state-store.js';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

const P = 3;
const STATE_BYTES = 4 * P;

function open(directory: string, states: number): ClientStateStore {
  return new ClientStateStore({ parameters: P, memoryBytes: STATE_BYTES * states, directory });
}

/** What clients have, in a plain map. */
type Model = Map<number, number[]>;

function expectStates(store: ClientStateStore, model: Model): void {
  expect(store.clients).toBe(model.size);
  for (let client = 0; client < 12; client++) expect([...(store.read(client) ?? [])]).toEqual(model.get(client) ?? []);
}

/** Lends the states of a round's clients together, writes new ones, and gives them back. */
function playRound(store: ClientStateStore, model: Model, clients: number[], counted: boolean[], salt: number): Model {
  const loans = clients.map((client) => ({ client, ...store.lend(client) }));
  const next = new Map(model);
  for (const { client, before, after } of loans) {
    expect([...(before ?? [])]).toEqual(model.get(client) ?? []);
    after.set([client, salt, (before?.[2] ?? 0) + 1]);
  }
  loans.forEach(({ client, before, after }, index) => {
    // What others did in between has not touched what this client was lent.
    expect([...(before ?? [])]).toEqual(model.get(client) ?? []);
    const written = [...after];
    store.settle(client, counted[index]);
    if (counted[index]) next.set(client, written);
  });
  return next;
}

const rounds = fc.array(
  fc.record({
    clients: fc.uniqueArray(fc.nat(11), { maxLength: 6 }),
    counted: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    committed: fc.boolean(),
    next: fc.constantFrom('go on', 'go on', 'snapshot', 'snapshot and kill', 'kill', 'damage the newest'),
  }),
  { minLength: 1, maxLength: 14 },
);

test('any rounds with any memory, killed and restored at will, are those of a plain map', () => {
  fc.assert(
    fc.property(rounds, fc.nat(8), (plan, memory) => {
      const directory = temporaryFolder();
      let store = open(directory, memory);
      let model: Model = new Map();
      let saved: { text: string; model: Model; rounds: number }[] = [];
      const restore = () => {
        store.close();
        store = open(directory, memory);
        const newest = saved.at(-1);
        model = newest?.model ?? new Map();
        if (newest !== undefined) store.restore(newest.text, newest.rounds);
      };
      plan.forEach(({ clients, counted, committed, next: action }, salt) => {
        const next = playRound(store, model, clients, counted, salt);
        expectStates(store, model);
        store.commit(committed);
        if (committed) model = next;
        expectStates(store, model);
        if (action.startsWith('snapshot')) saved = [...saved, { text: store.snapshot(), model, rounds: store.rounds }];
        if (action === 'damage the newest') saved = saved.length > 1 ? saved.slice(-2, -1) : saved;
        if (action.includes('kill') || action.startsWith('damage')) restore();
        expectStates(store, model);
      });
      store.close();
    }),
    { numRuns: 100 },
  );
});

test('a round that was not committed leaves every state as it was, and the next begins from there', () => {
  const store = open(temporaryFolder(), 2);
  const first = playRound(store, new Map(), [1, 4], [true, true], 0);
  store.commit(true);
  playRound(store, first, [1, 2], [true, true], 1);
  store.commit(false);
  expectStates(store, first);
  expect(store.rounds).toBe(2);
});

test('memory holds what was stated, the file what is beyond it, and its slots are used again', () => {
  const directory = temporaryFolder();
  const store = open(directory, 4);
  expect(store.room).toBe(2);
  let model: Model = new Map();
  for (let round = 0; round < 200; round++) {
    const clients = [round % 12, (round + 5) % 12];
    model = playRound(store, model, clients, [true, true], round);
    store.commit(true);
  }
  expectStates(store, model);
  const { size } = statSync(join(directory, 'client-states.bin'));
  // Twelve states and the few that were replaced while a round was under way.
  expect(size).toBeGreaterThanOrEqual(8 * STATE_BYTES);
  expect(size).toBeLessThanOrEqual(16 * STATE_BYTES);
});

test('with memory enough nothing is written before a checkpoint asks for it', () => {
  const directory = temporaryFolder();
  const store = open(directory, 100);
  playRound(store, new Map(), [1, 2, 3], [true, true, true], 0);
  store.commit(true);
  expect(readdirSync(directory)).toEqual([]);
  store.snapshot();
  expect(readdirSync(directory).sort()).toEqual(['client-states.0.index', 'client-states.bin']);
});

test('a checkpoint writes only the states that are new since the last, and keeps the two before it', () => {
  const directory = temporaryFolder();
  const store = open(directory, 100);
  const all = Array.from({ length: 12 }, (_, client) => client);
  let model = playRound(
    store,
    new Map(),
    all,
    all.map(() => true),
    0,
  );
  store.commit(true);
  const texts = [store.snapshot()];
  const sizes = [statSync(join(directory, 'client-states.bin')).size];
  for (let round = 1; round < 6; round++) {
    model = playRound(store, model, [round], [true], round);
    store.commit(true);
    texts.push(store.snapshot());
    sizes.push(statSync(join(directory, 'client-states.bin')).size);
  }
  expect(sizes.map((size) => size / STATE_BYTES)).toEqual([12, 13, 14, 14, 14, 14]);
  expect(readdirSync(directory).filter((name) => name.endsWith('.index'))).toEqual([
    'client-states.3.index',
    'client-states.4.index',
    'client-states.5.index',
  ]);
  expect(() => open(directory, 100).restore(texts[0], 1)).toThrow(/client-states\.0\.index/);
  for (const text of texts.slice(-2)) open(directory, 100).restore(text, 5);
});

function written() {
  const directory = temporaryFolder();
  const store = open(directory, 1);
  playRound(store, new Map(), [2, 7], [true, true], 0);
  store.commit(true);
  const text = store.snapshot();
  store.close();
  return { directory, text };
}

test.each(['client-states.bin', 'client-states.0.index'])(
  '%s that was cut or changed in any byte is refused',
  (name) => {
    const { directory, text } = written();
    const file = join(directory, name);
    const whole = readFileSync(file);
    const refusal = expect.objectContaining({
      code: 'CHECKPOINT_INVALID',
      details: expect.objectContaining({ where: expect.stringContaining(name) }),
    });
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0x20;
      writeFileSync(file, changed);
      expect(() => open(directory, 1).restore(text, 1)).toThrow(refusal);
      writeFileSync(file, whole);
      truncateSync(file, at);
      expect(() => open(directory, 1).restore(text, 1)).toThrow(refusal);
    }
    writeFileSync(file, whole);
    const store = open(directory, 1);
    store.restore(text, 1);
    expect([...(store.read(7) ?? [])]).toEqual([7, 0, 1]);
    expect(store.rounds).toBe(1);
  },
);

test('states of another model, and a name that is none, are refused', () => {
  const { directory, text } = written();
  const other = new ClientStateStore({ parameters: P + 1, memoryBytes: 1000, directory });
  expect(() => other.restore(text, 1)).toThrow(/states of 3 values[\s\S]*4, the parameters of the model/);
  expect(() => open(directory, 1).restore('7', 1)).toThrow(/found: {4}7/);
});

test('a state is lent once at a time, and given back once', () => {
  const store = open(temporaryFolder(), 10);
  store.lend(3);
  expect(() => store.lend(3)).toThrow(/client 3 has its state lent/);
  store.settle(3, true);
  expect(() => store.lend(3)).toThrow(/client 3 has its state lent/);
  expect(() => store.settle(3, true)).toThrow(/client 3 has no state lent/);
  store.commit(true);
  store.lend(3);
});
