/** Asynchronous rounds as the round loop sees them: state that can be stored, failures, and how often the pool is asked. */
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { asynchronousRounds } from 'fedtempo/server/asynchronous.js';
import { digestOf } from 'fedtempo/server/digest.js';
import { decodeInFlight, encodeInFlight } from 'fedtempo/server/in-flight.js';
import { type Answer, InlinePool } from 'fedtempo/server/pool/inline.js';
import type { ClientPool } from 'fedtempo/server/pool/pool.js';
import type { Carried, MadeRound } from 'fedtempo/server/round-source.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';
import { virtualTime } from 'fedtempo/shared/scenario/virtual-time.js';
import { Spans } from 'fedtempo/shared/times/spans.js';
import { expect, test } from 'vitest';

const text = (algorithm: string) => `
schemaVersion: 1
name: asynchronous-test
seed: 3
data: { dataset: digits, partition: { kind: shards, clients: 12 } }
model: { kind: mlp, hidden: [9], activation: tanh }
federation: { rounds: 40, cohort: { size: 6 }, algorithm: ${algorithm} }
schedules: { learningRate: { kind: linear, start: 0.2, end: 0.1 }, batchSize: 7, serverMomentum: 0.5 }
devices:
  classes:
    - name: phone
      examplesPerSecond: { kind: logNormal, median: 40, sigma: 1 }
      downloadMbps: 1
      uploadMbps: 1
      failureRate: 0.2
      jitter: 0.5
`;
const fedBuff = text('{ kind: fedbuff, bufferSize: 3, maxStaleness: 4 }');
const fedAsync = text('{ kind: fedasync }');

/** @param answer what a client does in place of training */
async function setting(scenarioText: string, answer: (train: Answer) => Answer = (train) => train) {
  const [{ scenario }] = loadScenarios(scenarioText, 'a.yaml');
  const data = await loadData(scenario, '.');
  const weights = initialize(data.model, 'glorot', scenario.seed);
  const shardSize = (client: number) => data.partition.sizeOf(client);
  const planner = roundPlanner(scenario, { examples: data.source.train.examples });
  const participant = createParticipant(data, chooseKernels('auto'), scenario.seed);
  const inline = new InlinePool(answer(participant.answer), participant.spans);
  const asked: number[][] = [];
  const pool: ClientPool = {
    kind: 'counting',
    workers: 1,
    broadcastMs: 0,
    dispatch: (work, signal) => {
      asked.push(work.groups.flatMap(({ clients }) => clients));
      return inline.dispatch(work, signal);
    },
    traffic: () => inline.traffic(),
    spent: () => inline.spent(),
    close: () => inline.close(),
  };
  const virtual = virtualTime({ scenario, parameters: weights.length, shardSize });
  const spans = new Spans(() => performance.now(), false);
  const source = asynchronousRounds({
    scenario,
    planner,
    pool,
    shardSize,
    examples: data.source.train.examples,
    virtual,
    spans,
  });
  const next = async (round: number, carried: Carried): Promise<MadeRound> => {
    const made = await source({
      round,
      values: planner.values(round),
      overrides: {},
      carried,
      serverValues: () => ({ learningRate: 1, momentum: 0.5 }),
      measure: false,
      signal: new AbortController().signal,
    });
    if (made === undefined) throw new Error('aborted');
    return made;
  };
  return { next, asked, first: { weights, serverState: undefined, seconds: 0 } satisfies Carried };
}

/** What a checkpoint does to a state: JSON and bytes. */
function stored(carried: Carried): Carried {
  if (carried.inFlight === undefined) return carried;
  const { json, tensors } = encodeInFlight(carried.inFlight);
  const copies = new Map([...tensors].map(([name, values]) => [name, values.slice()]));
  return { ...carried, inFlight: decodeInFlight(JSON.parse(JSON.stringify(json)), copies) };
}

const facts = ({ result, cohort, plan }: MadeRound) => {
  const { ms: _, records, updates, ...rest } = result;
  const clients = records.map((record) => ('trainMs' in record ? { ...record, trainMs: 0 } : record));
  return {
    ...rest,
    weights: digestOf(result.weights),
    cohort,
    clients,
    plan: plan.learningRate,
    updates: updates.length,
  };
};

test.each([
  ['FedBuff', fedBuff],
  ['FedAsync', fedAsync],
])('%s goes on to the same bits from a state that was stored at any version', async (_, scenario) => {
  const straight = await setting(scenario);
  const cutUp = await setting(scenario);
  let [a, b]: Carried[] = [straight.first, cutUp.first];
  let held = 0;
  for (let round = 0; round < 40; round++) {
    const [one, other] = [await straight.next(round, a), await cutUp.next(round, stored(b))];
    expect(facts(other)).toEqual(facts(one));
    [a, b] = [one.carried, other.carried];
    held = Math.max(held, (b.inFlight?.trained.size ?? 0) * (b.inFlight?.versions.size ?? 0));
  }
  // The states had both: tasks that had trained, and tasks that had not.
  expect(held).toBeGreaterThan(0);
});

test('every task trains once, in fewer dispatches than there are server steps', async () => {
  const { next, asked, first } = await setting(fedAsync);
  let carried: Carried = first;
  let counted = 0;
  for (let round = 0; round < 40; round++) {
    const made = await next(round, carried);
    counted += made.result.updates.length;
    carried = made.carried;
  }
  expect(counted).toBe(40);
  expect(asked.length).toBeLessThan(30);
  for (const clients of asked) expect(new Set(clients).size).toBe(clients.length);
  const flying = carried.inFlight?.trained.size ?? 0;
  expect(asked.flat().length).toBe(counted + flying);
});

test('a client that fails is a failure of the step it was to count in, and the step divides by K as ever', async () => {
  const failing =
    (train: Answer): Answer =>
    (plan, client, weights, transient) => {
      if (client % 3 === 0) throw new Error(`no battery at version ${plan.round}`);
      return train(plan, client, weights, transient);
    };
  const { next, first } = await setting(fedBuff, failing);
  let carried: Carried = first;
  let [failures, stale] = [0, 0];
  for (let round = 0; round < 12; round++) {
    const { result, carried: after } = await next(round, carried);
    const errors = result.failures.filter(({ code }) => code === 'client-error');
    expect(result.updates.length + errors.length).toBe(3);
    expect(result.committed).toBe(result.updates.length >= 1);
    if (!result.committed) expect(result.weights).toBe(carried.weights);
    expect(result.failures.every((failure) => failure.round === round)).toBe(true);
    failures += errors.length;
    // What it began with is recorded, so that a replay knows which of its tasks it was.
    for (const record of result.records) {
      if (record.kind !== 'failure' || record.code !== 'client-error') continue;
      expect(record.reason).toMatch(new RegExp(`no battery at version ${record.startVersion}$`));
      if (record.startVersion !== round) stale += 1;
    }
    carried = after;
  }
  expect(failures).toBeGreaterThan(3);
  expect(stale).toBeGreaterThan(0);
});
