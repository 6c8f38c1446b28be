import type { ServedRun } from './served.mjs';

export interface Killed {
  /** What must not be, and was; nothing, if all is well. */
  readonly wrongs: readonly string[];
  /** From the start of the process, if it came so far. */
  readonly listeningMs: number | undefined;
  readonly joinedMs: number | undefined;
}

export const killPoints: readonly string[];
export function killAt(run: ServedRun, place: string, passing: number): Promise<Killed>;
export function randomKills(seed: number): (run: ServedRun) => Promise<Killed>;
