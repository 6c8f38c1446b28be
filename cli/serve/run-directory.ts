/** The directory of a served run: made, or gone on with by the same command, with the number of this start. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { ClientData } from '../../client/load-data.js';
import { firstState } from '../../server/run-state.js';
import { type Manifest, readRun } from '../../server/store/read-run.js';
import type { Summary } from '../../server/store/records.js';
import { RunStore } from '../../server/store/run-store.js';
import { scenarioDigest } from '../../server/store/scenario-digest.js';
import { FedtempoError } from '../../shared/errors.js';
import { chooseKernels } from '../../shared/kernels/choose.js';
import { initialize } from '../../shared/model/initialize.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import type { Begun, RunSetting } from '../conduct.js';
import { reopen } from '../reopen-run.js';
import { withAbsolutePaths } from '../run-scenario.js';
import { refuseOtherData } from '../same-run.js';
import { openScenario } from '../scenario-file.js';
import { versions } from '../versions.js';

export interface ServedDirectory {
  readonly begun: Begun;
  /** Names the run on the wire, other runs of the scenario apart. */
  readonly run: string;
  /** How often the run was started, from 1: what was signed for an earlier start is not valid any more. */
  readonly epoch: number;
  /** Whether the directory was made just now: nothing is in it that anybody needs. */
  readonly fresh: boolean;
}

/** The summary of a run that has ended in this directory, if one has. */
export function endedRun(directory: string | undefined): Summary | undefined {
  if (directory === undefined || !isRun(directory)) return undefined;
  const { summary } = readRun(resolve(directory));
  const over = summary !== undefined && ['target', 'flat', 'rounds', 'diverged'].includes(summary.outcome);
  return over ? { ...summary, directory: resolve(directory) } : undefined;
}

/** @param directory of the run, if it has a name of its own; else one is made below `out` */
export function openDirectory(
  setting: RunSetting,
  data: ClientData,
  { out, directory }: { readonly out: string; readonly directory: string | undefined },
): ServedDirectory {
  return directory !== undefined && isRun(directory)
    ? goOn(setting, data, resolve(directory))
    : begin(setting, data, out, directory);
}

function isRun(directory: string): boolean {
  return existsSync(join(directory, 'manifest.json'));
}

function begin(
  { scenario, folder, kernels }: RunSetting,
  { source, model }: ClientData,
  out: string,
  directory: string | undefined,
): ServedDirectory {
  const { name, seed } = scenario;
  const startedAt = new Date();
  const run = `${name}-${seed}-${randomBytes(6).toString('hex')}`;
  const store = RunStore.create({
    out,
    directory,
    name,
    seed,
    startedAt,
    scenarioText: stringify(withAbsolutePaths(scenario, folder)),
    manifest: {
      ...versions(),
      startedAt: startedAt.toISOString(),
      name,
      seed,
      dataset: { name: source.name, digest: source.digest },
      model: { widths: model.widths, parameters: model.layout.parameters },
      pool: { kind: 'remote', workers: scenario.data.partition.clients },
      kernels: chooseKernels(kernels).name,
      run,
      epoch: 1,
    },
  });
  const start = firstState(initialize(model, scenario.model.initialization, seed));
  return { begun: { store, start, states: undefined, rounds: [], wallMs: 0 }, run, epoch: 1, fresh: true };
}

function goOn(setting: RunSetting, data: ClientData, directory: string): ServedDirectory {
  const stored = readRun(directory);
  const { run, epoch } = served(stored.manifest, directory);
  refuseOtherScenario(stored.scenarioFile, setting.scenario, directory);
  refuseOtherData(stored.manifest.dataset.digest, data, directory);
  const begun = reopen(setting, data, stored, directory);
  try {
    begun.store.manifest({ ...stored.manifest, epoch: epoch + 1 });
  } catch (error) {
    begun.store.close();
    throw error;
  }
  return { begun, run, epoch: epoch + 1, fresh: false };
}

function served({ run, epoch }: Manifest, directory: string): { run: string; epoch: number } {
  if (typeof run === 'string' && typeof epoch === 'number') return { run, epoch };
  throw new FedtempoError('RUN_CHANGED', 'the run was not served to other machines', {
    where: directory,
    found: 'a run of fedtempo run',
    expected: 'a run of fedtempo serve, or a folder that is not there yet',
    fix: `go on with it by fedtempo resume ${directory}, or choose another folder with --run`,
  });
}

function refuseOtherScenario(storedFile: string, scenario: Scenario, directory: string): void {
  const [{ scenario: before }] = openScenario(storedFile, []).runs;
  const [found, expected] = [scenarioDigest(scenario), scenarioDigest(before)];
  if (found === expected) return;
  throw new FedtempoError('RUN_CHANGED', 'the scenario is not the one that the run began with', {
    where: directory,
    found: `SHA-256 ${found.slice(0, 16)}…`,
    expected: `SHA-256 ${expected.slice(0, 16)}…, of ${storedFile}`,
    fix: 'undo the changes of the scenario, or start another run with --run and another folder',
  });
}
