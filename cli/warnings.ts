/** Known traps of a scenario's schedules, once its data are open. */
import type { ClientData } from '../client/load-data.js';
import { specsOf } from '../shared/scenario/plan.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import { warningsOf } from '../shared/schedule/warnings.js';

/** Shards that are looked at: enough to tell whether a batch exceeds most of them. */
const MAX_SHARDS = 10_000;

export function warningsFor(
  scenario: Scenario,
  { source, partition }: Pick<ClientData, 'source' | 'partition'>,
): string[] {
  const { clients } = partition;
  const sizes = Array.from({ length: Math.min(clients, MAX_SHARDS) }, (_, client) => partition.sizeOf(client));
  const shape = { rounds: scenario.federation.rounds, clients, examples: source.train.examples };
  return warningsOf(specsOf(scenario), shape, sizes);
}
