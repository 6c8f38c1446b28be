import type { ServedRun } from './served.mjs';

export const diskPlaces: readonly string[];
/** @returns what was wrong with how the run ended; nothing, if all is well */
export function failAt(run: ServedRun, place: string, passing: number, code: string): Promise<string[]>;
export function runFull(run: ServedRun): Promise<string[]>;
