/** Named initialisations of the flat parameters, seeded. Biases start at 0 except under `uniform`, as in its source. */
import { stream } from '../math/rng.js';
import type { LayerLayout } from './layout.js';
import type { Model } from './model.js';

/**
 * - `uniform`: U(−a, a) for weights and biases, a = 1/√fan_in (LeCun et al. 1998; the default of PyTorch's Linear).
 * - `glorot`: U(−a, a), a = √(6/(fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
 * - `he`: N(0, σ²), σ = √(2/fan_in) (He et al. 2015, eq. 10).
 */
export const initializations = ['uniform', 'glorot', 'he'] as const;
export type Initialization = (typeof initializations)[number];

/** The starting parameters [p] of `model` under `seed`; layers draw in order, each its weights and then its biases. */
export function initialize(model: Model, kind: Initialization, seed: number): Float32Array {
  const random = stream(seed, 'initialization');
  const parameters = new Float32Array(model.layout.parameters);
  for (const layer of model.layout.layers) {
    const draw = sampler(kind, layer);
    const end = layer.weights + layer.inputs * layer.outputs;
    for (let index = layer.weights; index < end; index++) parameters[index] = draw(random);
    if (kind !== 'uniform') continue;
    for (let index = layer.biases; index < layer.biases + layer.outputs; index++) parameters[index] = draw(random);
  }
  return parameters;
}

type Draw = (random: { uniform(): number; normal(): number }) => number;

function sampler(kind: Initialization, { inputs, outputs }: LayerLayout): Draw {
  switch (kind) {
    case 'uniform': {
      const bound = 1 / Math.sqrt(inputs);
      return (random) => (2 * random.uniform() - 1) * bound;
    }
    case 'glorot': {
      const bound = Math.sqrt(6 / (inputs + outputs));
      return (random) => (2 * random.uniform() - 1) * bound;
    }
    case 'he': {
      const deviation = Math.sqrt(2 / inputs);
      return (random) => deviation * random.normal();
    }
  }
}
