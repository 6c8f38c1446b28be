/**
 * Client optimizers: what a client does with a gradient in its local steps. State begins at zero with each round, as the
 * papers on federated averaging assume; the learning rate, momentum and weight decay of each step come in the step table.
 *
 * With g the gradient after the proximal term, clipping, correction and weight decay (./../kernels/kernels.ts has the
 * order), η the learning rate and t = 1, 2, … the step:
 *
 * - `sgd`: w ← w − ηg.
 * - `momentum`: v ← βv + g; w ← w − ηv. PyTorch's form, dampening 0 (Polyak 1964; Sutskever et al. 2013 put η inside v).
 * - `nesterov`: v ← βv + g; w ← w − η(g + βv). PyTorch's form (Nesterov 1983).
 * - `adam`: m ← m + (1 − β1)(g − m); v ← β2·v + (1 − β2)g²; w ← w − η/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε)
 *   (Kingma & Ba 2015, algorithm 1; weight decay enters g).
 * - `adamW`: w ← (1 − ηλ)w, then adam without decay in g (Loshchilov & Hutter 2019, PyTorch's form: λ is scaled by η).
 * - `adagrad`: v ← v + g²; w ← w − ηg/(√v + ε) (Duchi et al. 2011; v starts at 0, no decay of η).
 * - `rmsProp`: v ← β2·v + (1 − β2)g²; w ← w − ηg/(√v + ε) (Tieleman & Hinton 2012; PyTorch's α is β2; not centred).
 */
import { FedtempoError } from '../errors.js';

/** The kernels number them in this order. */
export const clientOptimizers = ['sgd', 'momentum', 'nesterov', 'adam', 'adamW', 'adagrad', 'rmsProp'] as const;
export type ClientOptimizerKind = (typeof clientOptimizers)[number];

export interface ClientOptimizerOptions {
  /** β of `momentum` and `nesterov`, 0 ≤ β < 1; default 0.9. A column of the step table overrides it. */
  readonly momentum?: number | undefined;
  /** β1 of `adam` and `adamW`, 0 ≤ β1 < 1; default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the mean of squares, 0 ≤ β2 < 1; default 0.999 for `adam` and `adamW`, 0.99 for `rmsProp`. */
  readonly beta2?: number | undefined;
  /** ε > 0; default 1e-8, for `adagrad` 1e-10. */
  readonly epsilon?: number | undefined;
}

/** A kind with all its constants. Make it with `createClientOptimizer`. */
export interface ClientOptimizer {
  readonly kind: ClientOptimizerKind;
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * Fills the defaults of `kind`, which are PyTorch's.
 *
 * @throws FedtempoError MODEL_INVALID for an unknown kind or a constant out of its range
 */
export function createClientOptimizer(
  kind: ClientOptimizerKind,
  options: ClientOptimizerOptions = {},
): ClientOptimizer {
  if (!clientOptimizers.includes(kind)) throw invalid('kind', String(kind), clientOptimizers.join(', '));
  const optimizer = {
    kind,
    momentum: options.momentum ?? 0.9,
    beta1: options.beta1 ?? 0.9,
    beta2: options.beta2 ?? (kind === 'rmsProp' ? 0.99 : 0.999),
    epsilon: options.epsilon ?? (kind === 'adagrad' ? 1e-10 : 1e-8),
  };
  for (const name of ['momentum', 'beta1', 'beta2'] as const) {
    const value = optimizer[name];
    if (!(value >= 0 && value < 1)) throw invalid(name, String(value), 'at least 0 and below 1');
  }
  const smallest = Math.fround(optimizer.epsilon);
  if (!(smallest > 0 && smallest < Number.POSITIVE_INFINITY)) {
    throw invalid('epsilon', String(optimizer.epsilon), 'a positive number within float32');
  }
  return Object.freeze(optimizer);
}

/** Plain SGD, what a core uses unless told otherwise. */
export const plainSgd: ClientOptimizer = createClientOptimizer('sgd');

function invalid(key: string, found: string, expected: string): FedtempoError {
  const where = `clientOptimizer.${key}`;
  return new FedtempoError('MODEL_INVALID', 'the client optimizer cannot work with this', { where, found, expected });
}
