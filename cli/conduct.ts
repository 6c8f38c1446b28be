/** Conducts a run from its first round, or from where it was interrupted, to its end: pool, evaluator, records, checkpoints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type ClientData, loadData } from '../client/load-data.js';
import type { ClientStateStore } from '../server/client-state/client-state-store.js';
import { type CoordinatorOptions, coordinate } from '../server/coordinator.js';
import type { Evaluator } from '../server/evaluation/evaluator.js';
import type { ClientPool } from '../server/pool/pool.js';
import { encodeState, type RunState } from '../server/run-state.js';
import { encodeCheckpoint } from '../server/store/checkpoint.js';
import type { KeptRecord, Outcome, RoundRecord, Summary } from '../server/store/records.js';
import type { RunStore } from '../server/store/run-store.js';
import { scenarioDigest } from '../server/store/scenario-digest.js';
import { onDisk } from '../server/store/storage-failed.js';
import { watchLoopDelay } from '../server/times/loop-delay.js';
import { TimeTable } from '../server/times/time-table.js';
import { FedtempoError } from '../shared/errors.js';
import type { KernelsName } from '../shared/kernels/choose.js';
import { roundPlanner } from '../shared/scenario/round-plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { plannedFailures } from '../shared/training/reply.js';
import type { Progress } from './progress.js';
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

/** Where clients train, who evaluates, and the run directory. */
export interface Opened {
  readonly begun: Begun;
  readonly pool: ClientPool;
  /** Undefined where there is no test data. */
  readonly evaluator: Evaluator | undefined;
  /** What is different where clients come and go. */
  readonly live?: LiveRun | undefined;
}

export interface LiveRun {
  readonly rounds: NonNullable<CoordinatorOptions['rounds']>;
  /** n_k of a client that has joined. */
  readonly shardSize: (client: number) => number;
  /** Called when a round is recorded and its checkpoint is on disk. */
  readonly onSaved: (record: RoundRecord) => void;
  /** Called at the end, before the pool is closed. */
  readonly onEnd: (outcome: Outcome) => void;
}

/** What whoever opens a run may use. */
export interface RunTools {
  readonly table: TimeTable;
  /** Tells something that a person may want to know. */
  readonly note: (text: string) => void;
}

export interface FinishedRun {
  readonly summary: Summary;
  /** What ended a run that failed or diverged. */
  readonly error?: unknown;
}

/** The state is saved at least this often, besides every `checkpoint.every` rounds and at the end. */
const CHECKPOINT_EVERY_MS = 30_000;

/**
 * @param open called once the data are there: starts the pool, makes or reopens the run directory
 * @throws FedtempoError for whatever is found wrong before the first round
 */
export async function conduct(
  setting: RunSetting,
  open: (data: ClientData, tools: RunTools) => Promise<Opened>,
): Promise<FinishedRun> {
  const { scenario, folder, kernels, progress, log, signal, profile } = setting;
  const began = performance.now();
  const table = new TimeTable(profile);
  const data = await loadData(scenario, folder);
  const { partition, model } = data;
  const { examples } = partition;
  const planner = roundPlanner(scenario, { examples });
  const note = (text: string) => {
    progress.note(text);
    log.warn(text);
  };
  const { begun, pool, evaluator, live } = await open(data, { table, note });
  const { store, states } = begun;
  try {
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
      shardSize: live?.shardSize ?? ((client) => partition.sizeOf(client)),
      rounds: live?.rounds,
      overlap: live === undefined,
      states,
      signal,
      spans: table.own,
      onRound: ({ record, clients, state }) => {
        const { round } = record;
        table.own.measure('record', () => store.appendRound(record, clients), { round });
        for (const { thread, spent } of pool.spent()) table.add(thread, spent);
        progress.round(record);
        const { cohort: _, failures, ...facts } = record;
        log.debug(facts, 'round done');
        for (const failure of failures) {
          const level = failure.fault !== undefined || plannedFailures.has(failure.code) ? 'debug' : 'warn';
          log[level]({ round, ...failure }, 'client failed');
        }
        // What clients were told counts is in a journal until it is in a checkpoint.
        const due = live !== undefined || state.rounds % scenario.checkpoint.every === 0;
        if (!due && performance.now() - savedAt < CHECKPOINT_EVERY_MS) return;
        savedAt = performance.now();
        table.own.measure('record', () => save(state), { round });
        live?.onSaved(record);
      },
    });
    const loopDelayMs = loopDelay();
    progress.stop();
    live?.onEnd(result.outcome);
    const diskFailed = result.error instanceof FedtempoError && result.error.code === 'STORAGE_FAILED';
    if (!diskFailed) save(result.state);
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
    try {
      if (profile) onDisk(directory, () => writeFileSync(join(directory, 'trace.json'), table.trace()));
      store.finish(summary);
    } catch (error) {
      // The run is as it was at its last checkpoint; why is told by what ended it.
      if (!diskFailed) throw error;
    }
    log.info(summary, 'run ends');
    return { summary, error: result.error };
  } finally {
    progress.stop();
    store.close();
    states?.close();
    await Promise.all([pool.close(), evaluator?.close()]);
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
