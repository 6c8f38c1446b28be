import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { stringify } from 'yaml';
import { loadData } from '../client/load-data.js';
import { coordinate } from '../server/coordinator.js';
import type { Summary } from '../server/store/records.js';
import { RunStore } from '../server/store/run-store.js';
import { encodeModel } from '../server/store/safetensors.js';
import { TimeTable } from '../server/times/time-table.js';
import { chooseKernels, type KernelsName } from '../shared/kernels/choose.js';
import { initialize } from '../shared/model/initialize.js';
import { roundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { Progress } from './progress.js';
import { startPool } from './start-pool.js';
import { summarize } from './summarize.js';
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
  /** Whether to write trace.json, which Chrome's trace viewer opens. */
  readonly profile: boolean;
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
  const table = new TimeTable(options.profile);
  const loaded = await loadData(scenario, folder);
  const { source, partition, model } = loaded;
  const { examples } = partition;
  const planner = roundPlanner(scenario, { examples });
  const initial = initialize(model, scenario.model.initialization, scenario.seed);

  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  const { pool, evaluator } = await startPool({ scenario, folder, kernels, loaded, table, note, signal });
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
    const save = (weights: Float32Array, rounds: number) =>
      store.checkpoint(
        encodeModel(model.layout, weights, {
          name: scenario.name,
          rounds: String(rounds),
          adaptive: JSON.stringify(states),
        }),
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
      spans: table.own,
      onRound: ({ record, clients, weights, adaptive }) => {
        states = adaptive;
        table.own.measure('record', () => store.appendRound(record, clients), { round: record.round });
        for (const { thread, spent } of pool.spent()) table.add(thread, spent);
        progress.round(record);
        const { cohort: _, failures, ...facts } = record;
        log.debug(facts, 'round done');
        for (const failure of failures) log.warn({ round: record.round, ...failure }, 'client failed');
        if (performance.now() - savedAt < CHECKPOINT_EVERY_MS) return;
        savedAt = performance.now();
        save(weights, record.round + 1);
      },
    });
    progress.stop();
    save(result.weights, result.rounds.length);
    const wallMs = Math.round(performance.now() - began);
    for (const { thread, spent } of pool.spent()) table.add(thread, spent);
    const times = table.rows();
    const { directory } = store;
    const summary = summarize({ scenario, kernels, result, pool, model, directory, wallMs, times });
    if (options.profile) writeFileSync(join(directory, 'trace.json'), table.trace());
    store.finish(summary);
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
