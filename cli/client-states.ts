/** Opens the store of client states of a run, where its algorithm keeps any. */
import { ClientStateStore } from '../server/client-state/client-state-store.js';
import type { Checkpoint } from '../server/store/checkpoint.js';
import { FedtempoError } from '../shared/errors.js';
import { keepsClientState } from '../shared/federation/algorithm.js';
import type { Model } from '../shared/model/model.js';
import type { Scenario } from '../shared/scenario/scenario.js';

/** @returns a store in which no client has a state yet; undefined where clients keep none */
export function openStates(scenario: Scenario, model: Model, directory: string): ClientStateStore | undefined {
  if (!keepsClientState(scenario.federation.algorithm)) return undefined;
  const memoryBytes = scenario.clientState.memoryMegabytes * 1e6;
  return new ClientStateStore({ parameters: model.layout.parameters, memoryBytes, directory });
}

/**
 * The states as they were at a checkpoint.
 *
 * @throws FedtempoError CHECKPOINT_INVALID
 */
export function reopenStates(
  scenario: Scenario,
  model: Model,
  directory: string,
  { clientState, rounds }: Checkpoint,
): ClientStateStore | undefined {
  const states = openStates(scenario, model, directory);
  if (states === undefined) return undefined;
  if (clientState === null) {
    throw new FedtempoError('CHECKPOINT_INVALID', 'the checkpoint names no client states', {
      where: directory,
      found: 'none',
      expected: `those of ${scenario.federation.algorithm.kind}`,
    });
  }
  states.restore(clientState, rounds);
  return states;
}
