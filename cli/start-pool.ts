/** Starts where the clients of a run train, and who evaluates. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import type { ClientData } from '../client/load-data.js';
import { createParticipant } from '../client/participant.js';
import { type Evaluator, InlineEvaluator } from '../server/evaluation/evaluator.js';
import { ThreadedEvaluator } from '../server/evaluation/threads.js';
import { InlinePool } from '../server/pool/inline.js';
import type { ClientPool } from '../server/pool/pool.js';
import { parkThreads } from '../server/pool/worker/thread.js';
import { WorkerPool } from '../server/pool/worker/worker-pool.js';
import type { TimeTable } from '../server/times/time-table.js';
import { keepsClientState } from '../shared/federation/algorithm.js';
import { chooseKernels, type KernelsName } from '../shared/kernels/choose.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { versions } from './versions.js';

export interface PoolOptions {
  readonly scenario: Scenario;
  /** Folder against which the scenario's relative paths resolve. */
  readonly folder: string;
  readonly kernels: KernelsName;
  readonly loaded: ClientData;
  readonly table: TimeTable;
  /** What a person may want to know, such as a client process that ended. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
  /** Threads that were started while the data were read. */
  readonly parked?: readonly Worker[] | undefined;
}

const poolThread = new URL('../client/pool-thread.js', import.meta.url);

/** Starts what need not wait for the data. */
export function parkWorkers({ pool }: Scenario): Worker[] | undefined {
  return pool.kind === 'worker' ? parkThreads(poolThread, pool.workers) : undefined;
}

/** @throws FedtempoError PORT_UNAVAILABLE, CLIENTS_UNAVAILABLE */
export async function startPool(options: PoolOptions): Promise<{ pool: ClientPool; evaluator: Evaluator }> {
  switch (options.scenario.pool.kind) {
    case 'inline':
      return { pool: inlinePool(options), evaluator: inlineEvaluator(options) };
    case 'worker': {
      const pool = await workerPool(options);
      return { pool, evaluator: pool };
    }
    case 'process':
      return { pool: await processPool(options), evaluator: threadedEvaluator(options) };
  }
}

function inlinePool({ scenario, kernels, loaded, table }: PoolOptions): ClientPool {
  const { answer, spans } = createParticipant(loaded, chooseKernels(kernels), scenario.seed, table.keeps);
  return new InlinePool(answer, spans);
}

function workerPool({ scenario, folder, kernels, loaded, table, note, parked }: PoolOptions): Promise<WorkerPool> {
  const { pool, seed, data, model } = scenario;
  return WorkerPool.start({
    program: poolThread,
    parked,
    data: { scenario: { seed, data, model }, folder, kernels, shared: loaded.source.shared },
    datasetDigest: loaded.source.digest,
    workers: pool.workers,
    restarts: pool.restarts,
    testExamples: loaded.source.test.examples,
    profile: table.keeps,
    note,
  });
}

async function processPool({
  scenario,
  folder,
  kernels,
  loaded,
  table,
  note,
  signal,
}: PoolOptions): Promise<ClientPool> {
  // The other pools need no sockets, and start sooner without them.
  const { ProcessPool } = await import('../server/pool/process.js');
  const { pool } = scenario;
  const entry = fileURLToPath(new URL('../client/process-main.js', import.meta.url));
  const { version } = versions();
  return ProcessPool.start(
    {
      run: `${scenario.name}-${scenario.seed}`,
      scenario,
      folder,
      datasetDigest: loaded.source.digest,
      parameters: loaded.model.layout.parameters,
      features: loaded.source.featureCount,
      classes: loaded.source.classCount,
      workers: pool.workers,
      port: pool.port,
      restarts: pool.restarts,
      startMs: pool.startSeconds * 1000,
      replyMs: pool.replySeconds * 1000,
      command: [process.execPath, entry],
      environment: { FEDTEMPO_KERNELS: kernels, FEDTEMPO_SOFTWARE: `fedtempo ${version}` },
      stateful: keepsClientState(scenario.federation.algorithm),
      profile: table.keeps,
      note,
    },
    signal,
  );
}

function inlineEvaluator({ kernels, loaded, table }: PoolOptions): Evaluator {
  return new InlineEvaluator(chooseKernels(kernels).createCore(loaded.model), loaded.source.test.select(), table.own);
}

function threadedEvaluator({ kernels, loaded, table }: PoolOptions): Evaluator {
  const threads = Math.min(availableParallelism(), 8);
  return new ThreadedEvaluator(loaded.model, kernels, loaded.source.test.select(), threads, (thread, spent) =>
    table.add(`evaluation ${thread}`, spent),
  );
}
