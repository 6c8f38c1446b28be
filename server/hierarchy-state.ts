/** Edges and cloud in a checkpoint: `hierarchy.cloud` [p] and `hierarchy.edges` [edges that moved × p], and facts as JSON. */
import { z } from 'zod';
import type { Hierarchy } from '../shared/federation/hierarchy.js';
import type { Tensor, Tensors } from './store/safetensors.js';

export const hierarchyFacts = z.strictObject({
  /** Edges that have moved since the last cloud round, ascending, and the examples of each. */
  moved: z.array(z.strictObject({ edge: z.int().min(0), examples: z.int().min(1) })),
});

type Facts = z.output<typeof hierarchyFacts>;

const CLOUD = 'hierarchy.cloud';
const EDGES = 'hierarchy.edges';

export function encodeHierarchy({ cloud, moved }: Hierarchy): { facts: Facts; tensors: [string, Tensor][] } {
  const parameters = cloud.length;
  const values = new Float32Array(moved.size * parameters);
  [...moved.values()].forEach(({ weights }, row) => {
    values.set(weights, row * parameters);
  });
  return {
    facts: { moved: [...moved].map(([edge, { examples }]) => ({ edge, examples })) },
    tensors: [
      [CLOUD, { shape: [parameters], values: cloud }],
      [EDGES, { shape: [moved.size, parameters], values }],
    ],
  };
}

/** @param parameters p @throws RangeError if a tensor is missing or of another shape */
export function decodeHierarchy({ moved }: Facts, tensors: Tensors, parameters: number): Hierarchy {
  const edges = floats(tensors, EDGES, [moved.length, parameters]);
  return {
    cloud: floats(tensors, CLOUD, [parameters]),
    moved: new Map(
      moved.map(({ edge, examples }, row) => {
        const weights = edges.slice(row * parameters, (row + 1) * parameters);
        return [edge, { weights, examples }];
      }),
    ),
  };
}

function floats(tensors: Tensors, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.values instanceof Float32Array && tensor.shape.join() === shape.join()) return tensor.values;
  throw new RangeError(`tensor ${name} is not F32 [${shape.join(' × ')}]`);
}
