/** What does not go together with edge servers. */
import { FedtempoError } from '../errors.js';
import { isAdaptive } from '../schedule/adaptive/specs.js';
import type { ParsedScenario } from './schema.js';

/** Adaptive schedules that measure how far the updates of a round differ, which must then begin at the same weights. */
const measuring: readonly string[] = ['fedExp', 'gradientNoiseScale', 'normTest'];

/** @throws FedtempoError SCENARIO_CONTRADICTION; `where` is a path of the scenario */
export function checkHierarchy({ federation, data, schedules }: ParsedScenario): void {
  const { hierarchy, algorithm } = federation;
  if (hierarchy === undefined) return;
  const { edges, period } = hierarchy;
  const population = data.partition.clients;
  if (edges > population) {
    throw contradiction('federation.hierarchy.edges', 'there are more edges than clients', {
      found: `${edges} edges for ${population} clients`,
      expected: `at most ${population}`,
      fix: 'lower federation.hierarchy.edges or raise data.partition.clients',
    });
  }
  if (algorithm.kind !== 'fedavg') {
    throw contradiction('federation.hierarchy', 'the algorithm knows no edges', {
      found: `a hierarchy with algorithm ${algorithm.kind}`,
      expected: 'algorithm: { kind: fedavg }',
      fix: 'remove federation.hierarchy or change federation.algorithm',
    });
  }
  if (period === 1) return;
  for (const [name, spec] of Object.entries(schedules)) {
    if (spec === undefined || !isAdaptive(spec) || !measuring.includes((spec as { kind: string }).kind)) continue;
    throw contradiction(`schedules.${name}`, 'the schedule compares updates that begin at the same weights', {
      found: `${(spec as { kind: string }).kind} with edges that are averaged every ${period} rounds`,
      expected: 'federation.hierarchy.period: 1, or another schedule',
    });
  }
}

function contradiction(where: string, summary: string, rest: { found: string; expected: string; fix?: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, ...rest });
}
