/**
 * Where each layer's parameters lie in the one flat Float32Array that a model is.
 *
 * Letters of this folder: d features, h hidden units, k classes, p parameters; a layer maps `inputs` to `outputs`.
 * Per layer, in order: W [inputs × outputs] row-major (all weights of one input stand together), then b [outputs].
 */

/** One dense layer's place in the flat parameters. */
export interface LayerLayout {
  readonly inputs: number;
  readonly outputs: number;
  /** Offset of W [inputs × outputs], in elements. */
  readonly weights: number;
  /** Offset of b [outputs], in elements. */
  readonly biases: number;
}

export interface ModelLayout {
  readonly layers: readonly LayerLayout[];
  /** p: the length of the flat parameters. */
  readonly parameters: number;
}

/** The layout for widths [d, h1, …, k]. */
export function layoutOf(widths: readonly number[]): ModelLayout {
  const layers: LayerLayout[] = [];
  let offset = 0;
  for (let index = 0; index + 1 < widths.length; index++) {
    const inputs = widths[index];
    const outputs = widths[index + 1];
    layers.push({ inputs, outputs, weights: offset, biases: offset + inputs * outputs });
    offset += inputs * outputs + outputs;
  }
  return { layers, parameters: offset };
}
