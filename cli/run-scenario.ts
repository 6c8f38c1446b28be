/** Composes one run: data, model, pool, evaluator, store, coordinator. The only code that sees both ends. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { stringify } from 'yaml';
import { type ClientData, loadData } from '../client/load-data.js';
import { createParticipant } from '../client/participant.js';
import { coordinate, type RunResult } from '../server/coordinator.js';
import { digestOf } from '../server/digest.js';
import { type Evaluator, InlineEvaluator } from '../server/evaluation/evaluator.js';
import { ThreadedEvaluator } from '../server/evaluation/threads.js';
import { InlinePool } from '../server/pool/inline.js';
import type { ClientPool } from '../server/pool/pool.js';
import { ProcessPool } from '../server/pool/process.js';
import { WorkerPool } from '../server/pool/worker/worker-pool.js';
import { encodeCheckpoint } from '../server/store/checkpoint.js';
import type { Summary } from '../server/store/records.js';
import { RunStore } from '../server/store/run-store.js';
import { scenarioDigest } from '../server/store/scenario-digest.js';
import { chooseKernels, type KernelsName } from '../shared/kernels/choose.js';
import { initialize } from '../shared/model/initialize.js';
import type { Model } from '../shared/model/model.js';
import { roundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { Progress } from './progress.js';
import { versions } from './versions.js';
import { warningsFor } from './warnings.js';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly folder: string;
  readonly out: string;
  readonly kernels: KernelsName;
  readonly progress: Progress;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface FinishedRun {
  readonly summary: Summary;
  /** What ended a run that failed or diverged. */
  readonly error?: unknown;
}

/** Weights are saved at least this often, and at the end. */
const CHECKPOINT_EVERY_MS = 30_000;

/**
 * Runs a scenario to its end and leaves a complete run directory.
 *
 * @throws FedtempoError for whatever is found wrong before the first round; there is no run directory then
 */
export async function runScenario(options: RunOptions): Promise<FinishedRun> {
  const { scenario, folder, out, kernels, progress, log, signal } = options;
  const began = performance.now();
  const startedAt = new Date();
  const loaded = await loadData(scenario, folder);
  const { source, partition, model } = loaded;
  const examples = source.train.examples;
  const planner = roundPlanner(scenario, { examples });
  const initial = initialize(model, scenario.model.initialization, scenario.seed);

  const pool = await startPool(options, loaded);
  const evaluator = pool instanceof WorkerPool ? pool : createEvaluator(options, loaded);
  try {
    const store = RunStore.create({
      out,
      name: scenario.name,
      seed: scenario.seed,
      startedAt,
      scenarioText: stringify(withAbsoluteFolder(scenario, folder)),
      manifest: {
        ...versions(),
        startedAt: startedAt.toISOString(),
        name: scenario.name,
        seed: scenario.seed,
        dataset: { name: source.name, digest: source.digest },
        model: { widths: model.widths, parameters: model.layout.parameters },
        pool: { kind: pool.kind, workers: pool.workers },
        kernels: chooseKernels(kernels).name,
      },
    });
    const facts = {
      name: scenario.name,
      seed: scenario.seed,
      scenario: scenarioDigest(scenario),
      dataset: source.digest,
      clientState: null,
    };
    const save = (weights: Float32Array, rounds: number) =>
      store.checkpoint(
        encodeCheckpoint({ ...facts, rounds, lines: store.lines, state: { adaptive: states } }, model.layout, weights),
      );
    let savedAt = began;
    let states = {};
    for (const warning of warningsFor(scenario, loaded)) {
      progress.note(`warning: ${warning}`);
      log.warn(warning);
    }
    progress.start(
      scenario,
      `${source.name} · ${partition.clients} clients · ${model.layout.parameters} parameters · ${pool.kind} pool, ${pool.workers} ${pool.workers === 1 ? 'worker' : 'workers'} · ${store.directory}`,
    );
    log.info({ run: scenario.name, seed: scenario.seed, directory: store.directory }, 'run starts');
    const result = await coordinate({
      scenario,
      initial,
      pool,
      evaluator,
      planner,
      examples,
      shardSize: (client) => partition.sizeOf(client),
      signal,
      onRound: ({ record, clients, weights, adaptive }) => {
        states = adaptive;
        store.appendRound(record, clients);
        progress.round(record);
        const { cohort: _, failures, ...facts } = record;
        log.debug(facts, 'round done');
        for (const failure of failures) log.warn({ round: record.round, ...failure }, 'client failed');
        const due = (record.round + 1) % scenario.checkpoint.every === 0;
        if (!due && performance.now() - savedAt < CHECKPOINT_EVERY_MS) return;
        savedAt = performance.now();
        save(weights, record.round + 1);
      },
    });
    progress.stop();
    save(result.weights, result.rounds.length);
    const wallMs = Math.round(performance.now() - began);
    const summary = summarize(options, result, pool, model, store.directory, wallMs);
    store.finish(summary);
    store.close();
    log.info(summary, 'run ends');
    return { summary, error: result.error };
  } finally {
    progress.stop();
    await Promise.all([pool.close(), evaluator.close()]);
  }
}

/** The stored scenario stands in another folder and must find its data from there. */
function withAbsoluteFolder(scenario: Scenario, base: string): Scenario {
  const { data } = scenario;
  return data.folder === undefined ? scenario : { ...scenario, data: { ...data, folder: resolve(base, data.folder) } };
}

function startPool(
  { scenario, folder, kernels, progress, log, signal }: RunOptions,
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

function createEvaluator({ scenario, kernels }: RunOptions, { source, model }: ClientData): Evaluator {
  const test = source.test.select();
  if (scenario.pool.kind === 'inline') return new InlineEvaluator(chooseKernels(kernels).createCore(model), test);
  return new ThreadedEvaluator(model, kernels, test, Math.min(availableParallelism(), 8));
}

function summarize(
  { scenario, kernels }: RunOptions,
  result: RunResult,
  pool: ClientPool,
  model: Model,
  directory: string,
  wallMs: number,
): Summary {
  const { rounds } = result;
  const evaluated = rounds.filter(({ testAccuracy }) => testAccuracy !== null);
  const last = evaluated.at(-1);
  const sum = (value: (round: (typeof rounds)[number]) => number) =>
    rounds.reduce((total, round) => total + value(round), 0);
  return {
    name: scenario.name,
    seed: scenario.seed,
    outcome: result.outcome,
    rounds: rounds.length,
    digest: digestOf(result.weights),
    finalAccuracy: last?.testAccuracy ?? null,
    finalLoss: last?.testLoss ?? null,
    bestAccuracy:
      evaluated.length === 0 ? null : Math.max(...evaluated.map(({ testAccuracy }) => testAccuracy as number)),
    roundsToTarget: result.roundsToTarget,
    examples: sum(({ examples }) => examples),
    steps: sum(({ steps }) => steps),
    failures: sum(({ failures }) => failures.length),
    bytesDown: sum(({ bytesDown }) => bytesDown),
    bytesUp: sum(({ bytesUp }) => bytesUp),
    wallMs,
    pool: pool.kind,
    workers: pool.workers,
    kernels: chooseKernels(kernels).name,
    clients: scenario.data.partition.clients,
    parameters: model.layout.parameters,
    directory,
  };
}
