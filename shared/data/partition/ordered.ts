/**
 * What a partition is, and what most rules yield: one order of all examples, cut into consecutive shards, one for each client.
 *
 * Held so, a partition of n examples costs 4·n bytes however many clients there are, and cannot lose an example or
 * give it twice as long as the order is a permutation. Letters of this folder: n examples, C clients.
 */
import { FedtempoError } from '../../errors.js';

/** Who holds which training examples. Only `drawn` shards overlap; those of all others are disjoint and leave none out. */
export interface Partition {
  /** C: the population. */
  readonly clients: number;
  /** Examples of all clients together: n where shards are disjoint, the number expected where they are drawn. */
  readonly examples: number;
  /** Number of examples of one client. @throws RangeError for a client outside 0..C − 1 */
  sizeOf(client: number): number;
  /** Indices of one client's training examples, a fresh array. @throws RangeError for a client outside 0..C − 1 */
  shardOf(client: number): Uint32Array;
  /** Where clients bring their own examples: takes how many a client says it has. See `OwnPartition`. */
  declare?(client: number, examples: number): void;
}

/**
 * The partition that gives client c the examples `order[cuts[c]] … order[cuts[c + 1] − 1]`.
 *
 * @param order [n], a permutation of 0..n − 1; kept, not copied
 * @param cuts [C + 1], never falling, from 0 to n
 */
export function orderedPartition(order: Uint32Array, cuts: Uint32Array): Partition {
  const clients = cuts.length - 1;
  return {
    clients,
    examples: order.length,
    sizeOf: (client) => cuts[withinPopulation(client, clients) + 1] - cuts[client],
    shardOf: (client) => order.slice(cuts[withinPopulation(client, clients)], cuts[client + 1]),
  };
}

/** The client itself. @throws RangeError if it is outside 0..clients − 1 */
export function withinPopulation(client: number, clients: number): number {
  if (Number.isInteger(client) && client >= 0 && client < clients) return client;
  throw new RangeError(`client ${client} is outside 0..${clients - 1}`);
}

/**
 * [parts + 1] cuts ⌊p·n/parts⌋ of n things into runs whose sizes differ by at most 1.
 *
 * Carries the remainder from cut to cut instead of multiplying, so it is exact also where p·n passes 2^53.
 */
export function evenCuts(n: number, parts: number): Uint32Array {
  const cuts = new Uint32Array(parts + 1);
  const whole = Math.floor(n / parts);
  const rest = n % parts;
  let remainder = 0;
  for (let part = 1; part <= parts; part++) {
    remainder += rest;
    const carry = remainder >= parts ? 1 : 0;
    remainder -= carry * parts;
    cuts[part] = cuts[part - 1] + whole + carry;
  }
  return cuts;
}

/** 0..n − 1 in order. */
export function indicesBelow(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, index) => index);
}

/** Refuses a count that is no whole number from 1, or clients that outnumber the examples. */
export function checkClients(clients: number, examples: number): void {
  checkCount('clients', clients);
  if (clients <= examples) return;
  throw new FedtempoError('PARTITION_INVALID', 'more clients than training examples', {
    where: 'data.partition.clients',
    found: `${clients} clients, ${examples} examples`,
    expected: `1 to ${examples} clients`,
    fix: `set data.partition.clients to at most ${examples}, or use a larger dataset`,
  });
}

/** @param key the key below `data.partition` that the count comes from */
export function checkCount(key: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new FedtempoError('PARTITION_INVALID', `${key} is no count`, {
    where: `data.partition.${key}`,
    found: String(value),
    expected: 'a whole number from 1',
    fix: `set data.partition.${key} to a whole number from 1`,
  });
}
