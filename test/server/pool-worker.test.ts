import type { Worker } from 'node:worker_threads';
import { parkThreads } from 'fedtempo/server/pool/worker/thread.js';
import { WorkerPool } from 'fedtempo/server/pool/worker/worker-pool.js';
import type { ByteSplit } from 'fedtempo/shared/data/source.js';
import { ExactMean } from 'fedtempo/shared/federation/exact-mean.js';
import { MeanWithState } from 'fedtempo/shared/federation/mean-with-state.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits, inlinePool } from '../support/digits.js';
import { PlainStates } from '../support/plain-states.js';
import { poolThread } from '../support/processes.js';

const never = new AbortController().signal;
const dyingThread = new URL('../support/dying-thread.mjs', import.meta.url);

async function start(
  workers: number,
  change: { program?: URL; data?: object; notes?: string[]; parked?: Worker[] } = {},
) {
  const { scenario, data, digest } = await digits();
  const { program = poolThread, notes = [], parked } = change;
  return WorkerPool.start({
    program,
    parked,
    data: { scenario, folder: '.', kernels: 'auto', shared: data.source.shared, ...change.data },
    datasetDigest: digest,
    workers,
    restarts: 2,
    testExamples: data.source.test.examples,
    profile: false,
    note: (text) => notes.push(text),
  });
}

describe.each([1, 2, 3, 7])('the worker pool with %i threads', (workers) => {
  poolConforms(() => start(workers));
});

/** A pool whose threads `victims` die `times` times in all, each time after taking a task. */
async function dying(workers: number, victims: readonly number[], times: number) {
  const deaths = new Int32Array(new SharedArrayBuffer(4)).fill(times);
  const notes: string[] = [];
  const pool = await start(workers, { program: dyingThread, data: { deaths, victims }, notes });
  onTestFinished(() => pool.close());
  return { pool, notes };
}

async function roundOn(pool: Pick<WorkerPool, 'dispatch'>) {
  const { planOf, weights, parameters, shardSize } = await digits();
  const clients = [0, 1, 2, 3, 5, 6, 7, 9];
  const aggregator = new ExactMean(parameters, 10_000);
  const groups = [{ plan: planOf(0), clients, weights, aggregator }];
  const kinds: (string | number)[][] = [];
  for await (const { reply } of pool.dispatch({ groups, shardSize, measure: false }, never)) {
    kinds.push([reply.client, reply.kind === 'failure' ? reply.code : 'update']);
  }
  kinds.sort(([a], [b]) => Number(a) - Number(b));
  return { kinds, clients, mean: aggregator.tally().clients.length > 0 ? [...aggregator.finish()] : [] };
}

test.each([
  { workers: 1, victims: [0], times: 1 },
  { workers: 2, victims: [1], times: 2 },
  { workers: 3, victims: [0, 1, 2], times: 4 },
])('what dead threads had taken is done again, with the same bits: $victims of $workers', async (setting) => {
  const { pool, notes } = await dying(setting.workers, setting.victims, setting.times);
  const reference = await roundOn(inlinePool((await digits()).participant()));
  expect(await roundOn(pool)).toEqual(reference);
  // The last death may have lost nothing; then it is noticed at the next dispatch.
  expect(notes.length).toBeGreaterThanOrEqual(1);
  expect(notes[0]).toMatch(/thread \d ended \(exit code 3\); starting it again/);
  expect(await roundOn(pool)).toEqual(reference);
});

test('states that dead threads had begun to write are written anew, and lost clients keep theirs', async () => {
  const { planOf, weights, parameters, shardSize, participant } = await digits();
  const clients = [0, 1, 2, 3, 5, 6, 7, 9];
  const stateOf = async (pool: Pick<WorkerPool, 'dispatch'>) => {
    const states = new PlainStates(parameters, 5);
    const variates = { control: new Float32Array(parameters).fill(0.125), states };
    for (const round of [0, 1]) {
      const aggregator = new MeanWithState(parameters, clients.length, 'uniform');
      const group = { plan: planOf(round), clients, weights, aggregator, variates };
      for await (const _ of pool.dispatch({ groups: [group], shardSize, measure: false }, never));
      expect(states.lent.size).toBe(0);
      states.commit(true);
    }
    return states.current;
  };
  const reference = await stateOf(inlinePool(participant()));
  expect(reference.size).toBe(8);
  const { pool } = await dying(3, [0, 1, 2], 4);
  expect(await stateOf(pool)).toEqual(reference);
  const { pool: hopeless } = await dying(2, [0, 1], 1000);
  expect(await stateOf(hopeless)).toEqual(new Map());
});

test('clients are lost, by name, only when no thread can be started again', async () => {
  const { pool, notes } = await dying(2, [0, 1], 1000);
  const { kinds, clients } = await roundOn(pool);
  expect(kinds).toEqual(clients.map((client) => [client, 'client-lost']));
  expect(notes.filter((note) => note.includes('not started again')).length).toBe(2);
});

test('a thread that dies while it evaluates is started again, and the evaluation is that of the reference', async () => {
  const { pool } = await dying(2, [0], 1);
  const whole = await start(1);
  onTestFinished(() => whole.close());
  const { weights } = await digits();
  expect(await pool.evaluate(weights)).toEqual(await whole.evaluate(weights));
});

test('threads that read other data are refused', async () => {
  const { data } = await digits();
  const { shared } = data.source;
  const pixels = (shared.train as ByteSplit).pixels.slice();
  pixels[5] ^= 1;
  const other = { ...shared, digest: 'of other data', train: { ...shared.train, pixels } };
  await expect(start(2, { data: { shared: other } })).rejects.toThrow(/threads of the worker pool are not available/);
});

test('threads that ended while they were parked, and a program that never runs, are errors, not waits', async () => {
  const parked = parkThreads(poolThread, 2);
  await Promise.all(parked.map((worker) => worker.terminate()));
  await expect(start(2, { parked })).rejects.toThrow(/threads of the worker pool are not available/);
  const program = new URL('./no-such-thread.js', import.meta.url);
  await expect(start(1, { program })).rejects.toThrow(/no-such-thread/);
});
