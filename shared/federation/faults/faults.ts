/**
 * Decides what befalls a client in a round: a pure function of seed, rules, round and client, at a cost that does not
 * depend on the population. Neither the cohort nor the pool is asked.
 */
import { stream } from '../../math/rng.js';
import type { FaultKind, FaultRule } from './rules.js';

/** Faults of clients whose work comes to nothing. */
const silencing: ReadonlySet<FaultKind> = new Set<FaultKind>(['drop', 'crash', 'late']);

export function silences(kind: FaultKind | undefined): boolean {
  return kind !== undefined && silencing.has(kind);
}

export interface Faults {
  /** No rule at all. */
  readonly none: boolean;
  /** The first rule that hits the client in the round. */
  of(round: number, client: number): FaultRule | undefined;
  /** Seconds of virtual time that faults add to the client's reply. */
  delaySeconds(round: number, client: number): number;
}

/** @param deviceClassOf the name of a client's device class; asked only where a rule names one */
export function createFaults(
  rules: readonly FaultRule[],
  seed: number,
  deviceClassOf: (client: number) => string | undefined = () => undefined,
): Faults {
  const named = rules.map(({ clients }) => (Array.isArray(clients) ? new Set(clients) : undefined));

  const concerns = ({ clients }: FaultRule, index: number, client: number): boolean => {
    if (clients === undefined) return true;
    if (Array.isArray(clients)) return named[index]?.has(client) === true;
    if ('device' in clients) return deviceClassOf(client) === clients.device;
    return stream(seed, 'faulty', index, client).uniform() < clients.fraction;
  };
  const of = (round: number, client: number): FaultRule | undefined => {
    // Rule k takes the k-th number, whatever became of the rules before it.
    const random = stream(seed, 'fault', round, client);
    return rules.find((rule, index) => {
      const happens = random.uniform() < rule.probability;
      return happens && includes(rule, round) && concerns(rule, index, client);
    });
  };
  return {
    none: rules.length === 0,
    of,
    delaySeconds: (round, client) => {
      const rule = of(round, client);
      return rule?.kind === 'delay' ? rule.seconds : 0;
    },
  };
}

function includes({ rounds }: FaultRule, round: number): boolean {
  if (rounds === undefined) return true;
  if (Array.isArray(rounds)) return rounds.includes(round);
  return round >= rounds.from && round <= (rounds.to ?? Number.POSITIVE_INFINITY);
}
