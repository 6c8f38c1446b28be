/** What a replay needs of a run: its scenario, data and records, and who did not reply; what cannot be replayed is refused. */
import { join } from 'node:path';
import { type ClientData, loadData } from '../../client/load-data.js';
import { readSeats } from '../../server/remote/seats.js';
import { type LostClients, lostClients } from '../../server/replay/circumstances.js';
import { recordedCohorts } from '../../server/replay/recorded.js';
import type { StoredRun } from '../../server/store/read-run.js';
import { FedtempoError } from '../../shared/errors.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import { refuseOtherData } from '../same-run.js';
import { locating, openScenario } from '../scenario-file.js';

export interface ReplayableRun {
  readonly scenario: Scenario;
  /** Against which its relative paths resolve. */
  readonly folder: string;
  readonly data: ClientData;
  readonly lost: LostClients;
  /** Whom the rounds asked, where the clients were on other machines; undefined where the seed alone says it. */
  readonly cohorts: readonly (readonly number[])[] | undefined;
}

/**
 * @param directory of the run, absolute
 * @param overrides other values for `pool`, as `path=value`
 * @throws FedtempoError REPLAY_UNKNOWN if the data are with the clients, RUN_CHANGED, RECORDS_INVALID and those of scenario and data
 */
export async function openReplay(
  directory: string,
  { scenarioFile, manifest }: StoredRun,
  overrides: readonly string[],
): Promise<ReplayableRun> {
  const { runs, folder } = openScenario(scenarioFile, overrides);
  const [{ scenario, locate }] = runs;
  const served = manifest.pool?.kind === 'remote';
  refuseOwnData(scenario, directory, served);
  const data = await locating(locate, () => loadData(scenario, folder));
  refuseOtherData(manifest.dataset.digest, data, directory);
  const cohorts = served ? recordedCohorts(directory, scenario.data.partition.clients) : undefined;
  return { scenario, folder, data, lost: lostClients(directory, served), cohorts };
}

function refuseOwnData({ data }: Scenario, directory: string, served: boolean): void {
  if (data.dataset === 'own') throw withClients(join(directory, 'scenario.yaml'), 'dataset: own');
  const own = served ? readSeats(directory).filter(({ simulated }) => !simulated) : [];
  if (own.length === 0) return;
  const shown = own.slice(0, 20).map(({ client }) => client);
  throw withClients(join(directory, 'seats.jsonl'), `data of their own: clients ${shown.join(', ')}`);
}

function withClients(where: string, found: string): FedtempoError {
  return new FedtempoError('REPLAY_UNKNOWN', 'the data are with the clients: their updates cannot be computed here', {
    where,
    found,
    expected: 'clients that train shards of a dataset which this machine has',
    fix: 'replay runs whose clients joined with --simulate-shard; what own data came to, only their clients can check',
  });
}
