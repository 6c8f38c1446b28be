/** Conducts a run from its first round, or from where it was interrupted, to its end: pool, evaluator, records, checkpoints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type ClientData, loadData } from '../client/load-data.js';
import type { ClientStateStore } from '../server/client-state/client-state-store.js';
import { coordinate } from '../server/coordinator.js';
import type { ClientPool } from '../server/pool/pool.js';
import { encodeState, type RunState } from '../server/run-state.js';
import { encodeCheckpoint } from '../server/store/checkpoint.js';
import type { KeptRecord, Summary } from '../server/store/records.js';
import type { RunStore } from '../server/store/run-store.js';
import { scenarioDigest } from '../server/store/scenario-digest.js';
import { watchLoopDelay } from '../server/times/loop-delay.js';
import { TimeTable } from '../server/times/time-table.js';
import type { KernelsName } from '../shared/kernels/choose.js';
import { roundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { plannedFailures } from '../shared/training/reply.js';
import type { Progress } from './progress.js';
import { parkWorkers, startPool } from './start-pool.js';
import { summarize } from './summarize.js';
import { warningsFor } from './warnings.js';

export interface RunSetting {
  readonly scenario: Scenario;
  /** Against which relative paths of the scenario resolve. */
  readonly folder: string;
  readonly kernels: KernelsName;
  readonly progress: Progress;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Whether to write trace.json, which Chrome's trace viewer opens. */
  readonly profile: boolean;
}

/** A run directory, and where in the run it stands. */
export interface Begun {
  readonly store: RunStore;
  readonly start: RunState;
  /** What clients keep, as it was at `start`; undefined where they keep nothing. */
  readonly states: ClientStateStore | undefined;
  /** The rounds that were done before. */
  readonly rounds: readonly KeptRecord[];
  /** Time that they took. */
  readonly wallMs: number;
}

export interface FinishedRun {
  readonly summary: Summary;
  /** What ended a run that failed or diverged. */
  readonly error?: unknown;
}

/** The state is saved at least this often, besides every `checkpoint.every` rounds and at the end. */
const CHECKPOINT_EVERY_MS = 30_000;

/**
 * @param begin called once the clients are ready: makes or reopens the run directory
 * @throws FedtempoError for whatever is found wrong before the first round
 */
export async function conduct(
  setting: RunSetting,
  begin: (data: ClientData, pool: ClientPool) => Begun,
): Promise<FinishedRun> {
  const { scenario, folder, kernels, progress, log, signal, profile } = setting;
  const began = performance.now();
  const table = new TimeTable(profile);
  const parked = parkWorkers(scenario);
  const data = await loadData(scenario, folder).catch(async (error) => {
    await Promise.all((parked ?? []).map((worker) => worker.terminate()));
    throw error;
  });
  const { partition, model } = data;
  const { examples } = partition;
  const planner = roundPlanner(scenario, { examples });
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  const { pool, evaluator } = await startPool({ scenario, folder, kernels, loaded: data, table, note, signal, parked });
  let store: RunStore | undefined;
  let states: ClientStateStore | undefined;
  try {
    const begun = begin(data, pool);
    store = begun.store;
    states = begun.states;
    const save = checkpointer(scenario, data, store, states);
    let savedAt = performance.now();
    for (const warning of warningsFor(scenario, data)) note(`warning: ${warning}`);
    progress.start(scenario, factsOf(data, pool, store.directory), begun.rounds.length);
    const { directory } = store;
    log.info({ run: scenario.name, seed: scenario.seed, directory, from: begun.start.rounds }, 'run starts');
    const loopDelay = watchLoopDelay();
    const result = await coordinate({
      scenario,
      start: begun.start,
      pool,
      evaluator,
      planner,
      examples,
      shardSize: (client) => partition.sizeOf(client),
      states,
      signal,
      spans: table.own,
      onRound: ({ record, clients, state }) => {
        const { round } = record;
        table.own.measure('record', () => begun.store.appendRound(record, clients), { round });
        for (const { thread, spent } of pool.spent()) table.add(thread, spent);
        progress.round(record);
        const { cohort: _, failures, ...facts } = record;
        log.debug(facts, 'round done');
        for (const failure of failures) {
          const level = failure.fault !== undefined || plannedFailures.has(failure.code) ? 'debug' : 'warn';
          log[level]({ round, ...failure }, 'client failed');
        }
        const due = state.rounds % scenario.checkpoint.every === 0;
        if (!due && performance.now() - savedAt < CHECKPOINT_EVERY_MS) return;
        savedAt = performance.now();
        table.own.measure('record', () => save(state), { round });
      },
    });
    const loopDelayMs = loopDelay();
    progress.stop();
    save(result.state);
    const wallMs = Math.round(begun.wallMs + performance.now() - began);
    const rounds = [...begun.rounds, ...result.rounds];
    for (const { thread, spent } of pool.spent()) table.add(thread, spent);
    const times = table.rows();
    const summary = summarize({
      scenario,
      kernels,
      result,
      rounds,
      pool,
      model,
      directory,
      wallMs,
      times,
      loopDelayMs,
    });
    if (profile) writeFileSync(join(directory, 'trace.json'), table.trace());
    store.finish(summary);
    log.info(summary, 'run ends');
    return { summary, error: result.error };
  } finally {
    progress.stop();
    store?.close();
    states?.close();
    await Promise.all([pool.close(), evaluator.close()]);
  }
}

function checkpointer(
  scenario: Scenario,
  { source, model }: ClientData,
  store: RunStore,
  states: ClientStateStore | undefined,
): (state: RunState) => void {
  const { name, seed } = scenario;
  const digests = { scenario: scenarioDigest(scenario), dataset: source.digest };
  return (state) => {
    const { further, ...rest } = encodeState(state);
    const { rounds, weights } = state;
    // Where a round failed between its end and its record, clients are a round ahead: the checkpoint before holds then.
    if (states !== undefined && states.rounds !== rounds) return;
    const facts = { name, seed, ...digests, clientState: states?.snapshot() ?? null };
    store.checkpoint(
      encodeCheckpoint({ ...facts, ...rest, rounds, lines: store.lines }, model.layout, weights, further),
    );
  };
}

function factsOf({ source, partition, model }: ClientData, pool: ClientPool, directory: string): string {
  const workers = `${pool.kind} pool, ${pool.workers} ${pool.workers === 1 ? 'worker' : 'workers'}`;
  const size = `${partition.clients} clients · ${model.layout.parameters} parameters`;
  return `${source.name} · ${size} · ${workers} · ${directory}`;
}
