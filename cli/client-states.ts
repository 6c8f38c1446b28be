/** Opens the store of client states of a run, where its algorithm keeps any. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/**
 * States for a replay, in a folder of their own: the run's are read and left alone.
 *
 * @param checkpoint undefined for a replay from the start
 * @throws FedtempoError CHECKPOINT_INVALID
 */
export function copyStates(
  scenario: Scenario,
  model: Model,
  run: string,
  checkpoint: Checkpoint | undefined,
): { states: ClientStateStore | undefined; remove: () => void } {
  if (!keepsClientState(scenario.federation.algorithm)) return { states: undefined, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-states-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    if (checkpoint === undefined) return { states: openStates(scenario, model, folder), remove };
    const files = readdirSync(run).filter((name) => name.startsWith('client-states.'));
    for (const name of files) copyFileSync(join(run, name), join(folder, name));
    return { states: reopenStates(scenario, model, folder, checkpoint), remove };
  } catch (error) {
    remove();
    throw error;
  }
}
