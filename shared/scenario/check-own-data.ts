/** What cannot hold where the clients hold the data, and a coordinator knows only their shape and number. */
import { FedtempoError } from '../errors.js';
import { adaptiveSpecsOf } from './plan.js';
import type { ParsedScenario } from './schema.js';

/** @throws FedtempoError SCENARIO_CONTRADICTION; `where` is a path of the scenario */
export function checkOwnData(scenario: ParsedScenario): void {
  const { data, devices } = scenario;
  const [dataset, partition] = [data.dataset === 'own', data.partition.kind === 'own'];
  if (dataset !== partition) {
    const [where, summary] = dataset
      ? ['data.partition.kind', 'the clients hold the data, so nothing can be divided among them']
      : ['data.dataset', 'partition own divides nothing: the clients bring the data'];
    throw contradiction(where, summary, {
      found: `dataset: ${data.dataset} with partition: { kind: ${data.partition.kind} }`,
      expected: 'own for both, or for neither',
      fix: dataset ? 'set data.partition.kind to own' : 'set data.dataset to own, or choose another partition',
    });
  }
  if (!dataset) return;
  if (devices !== undefined) {
    throw contradiction('devices', 'virtual time needs shard sizes, which only the clients know', {
      found: 'devices with dataset: own',
      expected: 'one of the two',
      fix: 'remove devices: real clients take real time',
    });
  }
  if (data.test === undefined) refuseTargets(scenario);
}

/** Nothing may wait for a measure that never comes. */
function refuseTargets({ stop, schedules }: ParsedScenario): void {
  const { testAccuracy, testLoss } = stop;
  const watching = Object.entries(adaptiveSpecsOf({ schedules, stop })).flatMap(([name, spec]) =>
    spec !== undefined && 'metric' in spec && spec.metric !== 'trainLoss'
      ? [[name === 'stop' ? 'stop.whenFlat' : `schedules.${name}`, spec.metric] as const]
      : [],
  );
  const targets = Object.entries({ testAccuracy, testLoss }).flatMap(([name, value]) =>
    value === undefined ? [] : [[`stop.${name}`, name] as const],
  );
  const [first] = [...targets, ...watching];
  if (first === undefined) return;
  const [where, metric] = first;
  throw contradiction(where, 'without a test file nothing is measured on one', {
    found: `${where} follows ${metric}, and there is no data.test`,
    expected: 'a test file, or no measure of it',
    fix: `add data.test, or remove ${where}`,
  });
}

/**
 * Refuses to train where the data are not.
 *
 * @throws FedtempoError SCENARIO_CONTRADICTION
 */
export function refuseOwnData({ data }: Pick<ParsedScenario, 'data'>): void {
  if (data.dataset !== 'own') return;
  throw contradiction('data.dataset', 'the clients hold the data', {
    found: 'dataset: own, of which there are no training examples here',
    expected: 'a dataset that this machine has',
    fix: 'start the coordinator with fedtempo serve; clients join with their own data',
  });
}

function contradiction(where: string, summary: string, rest: { found: string; expected: string; fix: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, ...rest });
}
