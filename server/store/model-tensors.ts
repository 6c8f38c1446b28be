/** A model as tensors by layer: `layers.i.weight` [inputs × outputs] and `layers.i.bias` [outputs], float32. */
import type { ModelLayout } from '../../shared/model/layout.js';
import type { Tensor, Tensors } from './safetensors.js';

/** @param flat parameters [p], or anything of their shape, such as an update */
export function modelTensors(layout: ModelLayout, flat: Float32Array): Map<string, Tensor> {
  return new Map(
    parts(layout).map(({ name, shape, begin, end }) => [name, { shape, values: flat.subarray(begin, end) }]),
  );
}

/**
 * The flat parameters [p] of tensors by layer.
 *
 * @throws RangeError if a tensor is missing, or has another type or shape than the model
 */
export function flatModel(layout: ModelLayout, tensors: Tensors): Float32Array {
  const flat = new Float32Array(layout.parameters);
  for (const { name, shape, begin } of parts(layout)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`no tensor ${name}`);
    if (!(tensor.values instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
      throw new RangeError(
        `tensor ${name} is [${tensor.shape.join(' × ')}], the model's is F32 [${shape.join(' × ')}]`,
      );
    }
    flat.set(tensor.values, begin);
  }
  return flat;
}

function parts({ layers }: ModelLayout) {
  return layers.flatMap(({ inputs, outputs, weights, biases }, index) => [
    { name: `layers.${index}.weight`, shape: [inputs, outputs], begin: weights, end: weights + inputs * outputs },
    { name: `layers.${index}.bias`, shape: [outputs], begin: biases, end: biases + outputs },
  ]);
}
