/**
 * The adaptive schedules of a run: what they say now, what they are told, and their states as plain JSON for checkpoints.
 * The coordinator asks before each round and tells after it; a server step is told while the round is still open.
 */
import type { Adaptive, RoundMetrics } from '../shared/schedule/adaptive/adaptive.js';
import { type AdaptiveSpec, type AdaptiveSpecs, createAdaptive } from '../shared/schedule/adaptive/create.js';
import type { HyperparameterValues } from '../shared/schedule/hyperparameters.js';

/** States by name, plain JSON. */
export type AdaptiveStates = Record<string, unknown>;

export class AdaptiveControl {
  readonly #schedules: ReadonlyMap<string, Adaptive<unknown, number | boolean>>;
  readonly #states = new Map<string, unknown>();

  constructor(specs: AdaptiveSpecs) {
    const given = Object.entries(specs).filter((entry): entry is [string, AdaptiveSpec] => entry[1] !== undefined);
    this.#schedules = new Map(given.map(([name, spec]) => [name, createAdaptive(spec)]));
    for (const [name, schedule] of this.#schedules) this.#states.set(name, schedule.init());
  }

  /** Whether anyone listens: updates are then measured, which costs a pass over each, and rounds wait for evaluations. */
  get listens(): boolean {
    return this.#schedules.size > 0;
  }

  /** The values that take the place of planned ones. */
  values(): HyperparameterValues {
    const entries = [...this.#schedules].filter(([name]) => name !== 'stop');
    return Object.fromEntries(entries.map(([name, schedule]) => [name, schedule.value(this.#states.get(name))]));
  }

  /** Whether a schedule asks to stop. */
  get stops(): boolean {
    return this.#schedules.get('stop')?.value(this.#states.get('stop')) === true;
  }

  /** @param when the moment of the round: its updates are in, or it is done */
  observe(when: 'updates' | 'round', metrics: RoundMetrics): void {
    for (const [name, schedule] of this.#schedules) {
      if (schedule.observes !== when) continue;
      this.#states.set(name, schedule.observe(this.#states.get(name), metrics));
    }
  }

  states(): AdaptiveStates {
    return Object.fromEntries(this.#states);
  }

  /** Goes on from states that were saved. @throws RangeError if they are not those of these schedules */
  restore(states: AdaptiveStates): void {
    const [saved, own] = [Object.keys(states).sort().join(), [...this.#schedules.keys()].sort().join()];
    if (saved !== own) throw new RangeError(`the states of ${saved} do not fit the adaptive schedules ${own}`);
    for (const [name, state] of Object.entries(states)) this.#states.set(name, state);
  }
}
