/**
 * The list of partitions. A new kind is a file beside this one, exporting its schema and its create function, and one
 * line in `rules`: types, validation, the editor's JSON Schema and `createPartition` follow from it.
 */
import { z } from 'zod';
import { FedtempoError } from '../../errors.js';
import { createDrawn, drawnSchema } from './drawn.js';
import { createIid, iidSchema } from './iid.js';
import type { Partition } from './ordered.js';
import { type OwnPartitionSpec, ownPartition, ownSchema } from './own.js';
import { createShards, shardsSchema } from './shards.js';

export type { Partition } from './ordered.js';

const rules = [
  { schema: iidSchema, create: createIid },
  { schema: shardsSchema, create: createShards },
  { schema: drawnSchema, create: createDrawn },
  { schema: ownSchema, create: (spec: OwnPartitionSpec, labels: Int32Array) => ownPartition(spec, labels.length) },
] as const;

type Schema = (typeof rules)[number]['schema'];

/** `data.partition` of a scenario. */
export const partitionSchema = z
  .discriminatedUnion('kind', rules.map((rule) => rule.schema) as [Schema, ...Schema[]])
  .describe('How training examples are divided among clients.');

/** A partition as it is asked for, defaults filled. */
export type PartitionSpec = z.output<typeof partitionSchema>;

/** The kinds there are. */
export const partitionKinds: readonly PartitionSpec['kind'][] = rules.map((rule) => rule.schema.shape.kind.value);

/**
 * Divides the training examples among the clients: every index of 0..n − 1 goes to exactly one of them, but for `drawn`,
 * and for `own`, which divides nothing and is told sizes later (`declare`).
 *
 * @param labels [n], each from 0
 * @param seed of the run, 0..2^53 − 1; same spec, labels and seed give the same partition everywhere
 * @throws FedtempoError PARTITION_INVALID when the examples do not suffice for the clients or shards asked for
 */
export function createPartition(spec: PartitionSpec, labels: Int32Array, seed: number): Partition {
  const rule = rules.find((candidate) => candidate.schema.shape.kind.value === spec.kind);
  if (rule === undefined) {
    throw new FedtempoError('PARTITION_INVALID', 'unknown kind of partition', {
      where: 'data.partition.kind',
      found: String(spec.kind),
      expected: partitionKinds.join(', '),
    });
  }
  // The rule was found by the spec's own kind, which the compiler cannot follow through `find`.
  const create = rule.create as (spec: PartitionSpec, labels: Int32Array, seed: number) => Partition;
  return create(spec, labels, seed);
}
