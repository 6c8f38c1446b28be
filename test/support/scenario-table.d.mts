import type { ClientPool } from 'fedtempo/server/pool/pool.js';
import type { KernelsName } from 'fedtempo/shared/kernels/choose.js';
import type { Scenario } from 'fedtempo/shared/scenario/scenario.js';

/** Digests of final weights by name of the scenario. */
export type Digests = Record<string, string>;
export const scenarios: Readonly<Record<string, string>>;
export function loadOne(name: string): Scenario;
export function common(): Scenario;
export function stored(): Digests;
export function resumedDigestsOn(pool: ClientPool, names?: readonly string[]): Promise<Digests>;
export function digestsOn(pool: ClientPool, names?: readonly string[], kernels?: KernelsName): Promise<Digests>;
