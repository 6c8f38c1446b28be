/** From a scenario's `pool` to a pool that is ready, and to what evaluates beside it. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ClientData } from '../client/load-data.js';
import { createParticipant } from '../client/participant.js';
import { type Evaluator, InlineEvaluator } from '../server/evaluation/evaluator.js';
import { ThreadedEvaluator } from '../server/evaluation/threads.js';
import { InlinePool } from '../server/pool/inline.js';
import type { ClientPool } from '../server/pool/pool.js';
import { ProcessPool } from '../server/pool/process.js';
import { WorkerPool } from '../server/pool/worker/worker-pool.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import type { RunSetting } from './conduct.js';
import { versions } from './versions.js';

export function startPool(
  { scenario, folder, kernels, progress, log, signal }: RunSetting,
  loaded: ClientData,
): Promise<ClientPool> {
  const { pool, seed } = scenario;
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  if (pool.kind === 'inline')
    return Promise.resolve(new InlinePool(createParticipant(loaded, chooseKernels(kernels), seed).answer));
  if (pool.kind === 'worker') {
    const { data, model } = scenario;
    return WorkerPool.start({
      program: new URL('../client/pool-thread.js', import.meta.url),
      data: { scenario: { seed, data, model }, folder, kernels, shared: loaded.source.shared },
      datasetDigest: loaded.source.digest,
      workers: pool.workers,
      restarts: pool.restarts,
      testExamples: loaded.source.test.examples,
      note,
    });
  }
  const entry = fileURLToPath(new URL('../client/process-main.js', import.meta.url));
  const { version } = versions();
  return ProcessPool.start(
    {
      run: `${scenario.name}-${scenario.seed}`,
      scenario,
      folder,
      datasetDigest: loaded.source.digest,
      parameters: loaded.model.layout.parameters,
      workers: pool.workers,
      port: pool.port,
      restarts: pool.restarts,
      startMs: pool.startSeconds * 1000,
      replyMs: pool.replySeconds * 1000,
      command: [process.execPath, entry],
      environment: { FEDTEMPO_KERNELS: kernels, FEDTEMPO_SOFTWARE: `fedtempo ${version}` },
      note,
    },
    signal,
  );
}

export function createEvaluator({ scenario, kernels }: RunSetting, { source, model }: ClientData): Evaluator {
  const test = source.test.select();
  if (scenario.pool.kind === 'inline') return new InlineEvaluator(chooseKernels(kernels).createCore(model), test);
  return new ThreadedEvaluator(model, kernels, test, Math.min(availableParallelism(), 8));
}
