/**
 * One scenario, any pool, same bits: the whole table of scenarios over every pool, with 1, 2, 3 and 7 workers, replies in
 * a shuffled order, the reference kernels, and Node 24. The digests are stored: a change to them must be in CHANGELOG.md.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import type { ClientPool } from 'fedtempo/server/pool/pool.js';
import { ProcessPool } from 'fedtempo/server/pool/process.js';
import { WorkerPool } from 'fedtempo/server/pool/worker/worker-pool.js';
import { chooseKernels, type KernelsName } from 'fedtempo/shared/kernels/choose.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inlinePool } from '../support/digits.js';
import { need } from '../support/need.js';
import { clientFile, poolThread } from '../support/processes.js';
import { common, digestsOn, resumedDigestsOn, stored } from '../support/scenario-table.mjs';
import { shuffled } from '../support/shuffled.js';

const never = new AbortController().signal;
const scenario = common();
const data = await loadData(scenario, '.');

function closing<Pool extends ClientPool>(pool: Pool): Pool {
  onTestFinished(() => pool.close());
  return pool;
}

function inline(kernels: KernelsName = 'auto') {
  return inlinePool(createParticipant(data, chooseKernels(kernels), scenario.seed));
}

async function worker(workers: number) {
  return closing(
    await WorkerPool.start({
      program: poolThread,
      data: { scenario, folder: '.', kernels: 'auto', shared: data.source.shared },
      datasetDigest: data.source.digest,
      workers,
      restarts: 0,
      testExamples: data.source.test.examples,
      profile: false,
      note: () => {},
    }),
  );
}

async function processes(workers: number) {
  return closing(
    await ProcessPool.start(
      {
        run: 'table',
        scenario,
        folder: '.',
        datasetDigest: data.source.digest,
        parameters: data.model.layout.parameters,
        features: data.source.featureCount,
        classes: data.source.classCount,
        workers,
        port: 0,
        restarts: 0,
        startMs: 60_000,
        replyMs: 60_000,
        command: [process.execPath, clientFile],
        environment: {},
        profile: false,
        note: () => {},
      },
      never,
    ),
  );
}

test('inline gives the stored digests, with either kernels', async () => {
  expect(await digestsOn(inline())).toEqual(stored());
  expect(await digestsOn(inline('reference'))).toEqual(stored());
});

describe.each([1, 2, 3, 7])('with %i workers', (workers) => {
  test('worker threads give the stored digests', async () => {
    expect(await digestsOn(await worker(workers))).toEqual(stored());
  });

  test('client processes give the stored digests', async () => {
    expect(await digestsOn(await processes(workers))).toEqual(stored());
  });
});

test('a run that goes on from any checkpoint has the stored digest, in every pool', async () => {
  expect(await resumedDigestsOn(inline())).toEqual(stored());
  expect(await resumedDigestsOn(await worker(2))).toEqual(stored());
  expect(await resumedDigestsOn(await processes(2))).toEqual(stored());
});

test('the order of tasks and replies changes no digest', async () => {
  expect(await digestsOn(shuffled(inline(), 1))).toEqual(stored());
  expect(await digestsOn(shuffled(await worker(3), 2))).toEqual(stored());
  expect(await digestsOn(shuffled(await processes(2), 3))).toEqual(stored());
});

test('Node 24 gives the stored digests, inline and on worker threads', async (context) => {
  const node = need(context, process.env.FEDTEMPO_NODE24, 'FEDTEMPO_NODE24');
  const script = fileURLToPath(new URL('../support/table-digests.mjs', import.meta.url));
  for (const args of [['inline'], ['worker', '2']]) {
    const { stdout } = await promisify(execFile)(node, [script, ...args]);
    expect(JSON.parse(stdout)).toEqual(stored());
  }
});
