/** Opens a run whose clients train on this machine: its pool, then its run directory. */
import type { ClientData } from '../client/load-data.js';
import type { ClientPool } from '../server/pool/pool.js';
import { refuseOwnData } from '../shared/scenario/check-own-data.js';
import { type Begun, conduct, type FinishedRun, type RunSetting } from './conduct.js';
import { parkWorkers, startPool } from './start-pool.js';

/**
 * @param begin called once the clients are ready: makes or reopens the run directory
 * @throws FedtempoError for whatever is found wrong before the first round
 */
export async function conductLocally(
  setting: RunSetting,
  begin: (data: ClientData, pool: ClientPool) => Begun,
): Promise<FinishedRun> {
  const { scenario, folder, kernels, signal } = setting;
  refuseOwnData(scenario);
  const parked = parkWorkers(scenario);
  let used = false;
  try {
    return await conduct(setting, async (loaded, tools) => {
      used = true;
      const started = await startPool({ scenario, folder, kernels, loaded, ...tools, signal, parked });
      try {
        return { ...started, begun: begin(loaded, started.pool) };
      } catch (error) {
        await Promise.all([started.pool.close(), started.evaluator.close()]);
        throw error;
      }
    });
  } finally {
    if (!used) await Promise.all((parked ?? []).map((worker) => worker.terminate()));
  }
}
