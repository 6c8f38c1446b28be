/** Runs a scenario from its first round to its end, in a run directory of its own. */
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { firstState } from '../server/run-state.js';
import { RunStore } from '../server/store/run-store.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import { initialize } from '../shared/model/initialize.js';
import { refuseOwnData } from '../shared/scenario/check-own-data.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { openStates } from './client-states.js';
import type { FinishedRun, RunSetting } from './conduct.js';
import { conductLocally } from './open-local.js';
import { versions } from './versions.js';

export interface RunOptions extends RunSetting {
  /** The folder that holds run directories. */
  readonly out: string;
}

/**
 * Runs a scenario to its end and leaves a complete run directory.
 *
 * @throws FedtempoError for whatever is found wrong before the first round; there is no run directory then
 */
export async function runScenario({ out, ...setting }: RunOptions): Promise<FinishedRun> {
  const { scenario, folder, kernels } = setting;
  refuseOwnData(scenario);
  const { name, seed } = scenario;
  const startedAt = new Date();
  return conductLocally(setting, ({ source, model }, pool) => {
    const store = RunStore.create({
      out,
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
        pool: { kind: pool.kind, workers: pool.workers },
        kernels: chooseKernels(kernels).name,
      },
    });
    const start = firstState(initialize(model, scenario.model.initialization, seed));
    return { store, start, states: openStates(scenario, model, store.directory), rounds: [], wallMs: 0 };
  });
}

/** The stored scenario stands in another folder and must find its data from there. */
export function withAbsolutePaths(scenario: Scenario, base: string): Scenario {
  const { folder, test } = scenario.data;
  const paths = {
    ...(folder === undefined ? {} : { folder: resolve(base, folder) }),
    ...(test === undefined ? {} : { test: resolve(base, test) }),
  };
  return { ...scenario, data: { ...scenario.data, ...paths } };
}
