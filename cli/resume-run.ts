/** Goes on with a run that was interrupted or killed: same directory, same bits, whichever pool it goes on in. */

import type { ClientData } from '../client/load-data.js';
import type { ClientPool } from '../server/pool/pool.js';
import { type Manifest, readRun } from '../server/store/read-run.js';
import type { Outcome } from '../server/store/records.js';
import { FedtempoError } from '../shared/errors.js';
import { chooseKernels } from '../shared/kernels/choose.js';
import type { FinishedRun, RunSetting } from './conduct.js';
import { conductLocally } from './open-local.js';
import { reopen } from './reopen-run.js';
import { refuseOtherData } from './same-run.js';
import { locating, openScenario } from './scenario-file.js';
import { versions } from './versions.js';

export interface ResumeOptions extends Omit<RunSetting, 'scenario' | 'folder'> {
  /** Of the run, absolute. */
  readonly directory: string;
  /** Other values for `pool`, as `path=value`. */
  readonly overrides: readonly string[];
}

/** A run that ended so has nothing left to do; one that diverged would diverge again. */
const FINISHED: readonly Outcome[] = ['target', 'flat', 'rounds', 'diverged'];

/**
 * @returns the summary alone, and that it is an old one, if the run has ended already
 * @throws FedtempoError RUN_MISSING, RUN_CHANGED, CHECKPOINT_INVALID, RECORDS_INVALID, OUTPUT_UNWRITABLE, or what the
 *   scenario and its data are refused with
 */
export async function resumeRun(options: ResumeOptions): Promise<FinishedRun & { readonly ended: boolean }> {
  const { directory, overrides, ...rest } = options;
  const stored = readRun(directory);
  if (stored.summary !== undefined && FINISHED.includes(stored.summary.outcome)) {
    return { summary: { ...stored.summary, directory }, ended: true };
  }
  refuseServed(stored.manifest, directory);
  const { runs, folder } = openScenario(stored.scenarioFile, overrides);
  const [{ scenario, locate }] = runs;
  const setting: RunSetting = { ...rest, scenario, folder };
  const resume = (data: ClientData, pool: ClientPool) => {
    refuseOtherData(stored.manifest.dataset.digest, data, directory);
    const begun = reopen(setting, data, stored, directory);
    const resumedAt = new Date().toISOString();
    const { version, node } = versions();
    const kernels = chooseKernels(setting.kernels).name;
    const note = {
      resumedAt,
      fromRound: begun.start.rounds,
      version,
      node,
      pool: { kind: pool.kind, workers: pool.workers },
      kernels,
    };
    begun.store.manifest({ ...stored.manifest, resumed: [...resumptions(stored.manifest), note] });
    return begun;
  };
  const finished = await locating(locate, () => conductLocally(setting, resume));
  return { ...finished, ended: false };
}

/** Its open round is with clients on other machines. */
function refuseServed({ pool }: Manifest, directory: string): void {
  if ((pool as { kind?: unknown } | undefined)?.kind !== 'remote') return;
  throw new FedtempoError('RUN_CHANGED', 'the run is served to other machines', {
    where: directory,
    found: 'a run of fedtempo serve',
    expected: 'a run of fedtempo run',
    fix: `go on with it by fedtempo serve SCENARIO --run ${directory}`,
  });
}

function resumptions({ resumed }: Manifest): unknown[] {
  return Array.isArray(resumed) ? resumed : [];
}
