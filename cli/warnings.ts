/** Known traps of a scenario's schedules, once its data are open. */
import type { ClientData } from '../client/load-data.js';
import type { Partition } from '../shared/data/partition/partition.js';
import { specsOf } from '../shared/scenario/plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { warningsOf } from '../shared/schedule/warnings.js';

/** Shards that are looked at: enough to tell whether a batch exceeds most of them. */
const MAX_SHARDS = 10_000;

export function warningsFor(scenario: Scenario, { partition }: Pick<ClientData, 'partition'>): string[] {
  const { clients, examples } = partition;
  return warningsOf(specsOf(scenario), { rounds: scenario.federation.rounds, clients, examples }, someSizes(partition));
}

/** n_k of the clients, of the first 10,000 if there are more; none where clients bring their own and have not said yet. */
export function someSizes({ clients, sizeOf, declare }: Partition): number[] {
  if (declare !== undefined) return [];
  return Array.from({ length: Math.min(clients, MAX_SHARDS) }, (_, client) => sizeOf(client));
}
