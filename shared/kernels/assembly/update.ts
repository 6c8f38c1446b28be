/** A step with a stored gradient, for everything but plain SGD: adjust the gradient, then let the optimizer use it. */
import { addArray, addProximal, addScaled, gradientNorm, scale } from './adjust';
import { Job, layerOf } from './job';
import {
  ADAGRAD, ADAM, ADAM_W, adam, divideByRoot, MOMENTUM, momentum, NESTEROV, RMS_PROP, SGD, sgd,
} from './optimizer';

/** β1ᵗ and β2ᵗ of the training at hand. */
let power1: f64 = 1;
let power2: f64 = 1;

/** Whether `step` is plain SGD, whose gradient need not be stored. */
export function isPlain(job: Job, step: usize): bool {
  return job.optimizer == SGD && !job.correction && column(job.proximals, step, 0) == 0
    && column(job.weightDecays, step, 0) == 0 && column(job.clipNorms, step, Infinity) == Infinity;
}

/** Sets the optimizer's state to zero and keeps the weights as anchor. */
export function beginUpdates(job: Job): void {
  power1 = 1;
  power2 = 1;
  if (!job.gradient) return;
  if (job.optimizer != SGD) memory.fill(job.v, 0, job.blockBytes);
  if (job.optimizer == ADAM || job.optimizer == ADAM_W) memory.fill(job.m, 0, job.blockBytes);
  if (job.proximals) memory.copy(job.anchor, job.weights, job.blockBytes);
}

export function update(job: Job, step: usize): void {
  if (job.optimizer == ADAM || job.optimizer == ADAM_W) {
    power1 *= load<f64>(job.constants);
    power2 *= load<f64>(job.constants, 8);
  }
  const mu = column(job.proximals, step, 0);
  if (mu != 0) {
    for (let part: u32 = 0; part < 2 * job.layerCount; part++) {
      const at = partStart(job, part);
      addProximal(job.gradient + at, job.weights + at, job.anchor + at, partBytes(job, part), mu);
    }
  }
  let factor: f32 = 1;
  if (job.clipNorms) factor = <f32>(<f64>load<f32>(job.clipNorms + (step << 2)) / (gradientNorm(job) + 1e-6));
  for (let part: u32 = 0; part < 2 * job.layerCount; part++) updatePart(job, step, part, factor);
}

/** Part 2l is W of layer l, padding and all; part 2l + 1 is its b. */
function updatePart(job: Job, step: usize, part: u32, factor: f32): void {
  const at = partStart(job, part);
  const bytes = partBytes(job, part);
  const g = job.gradient + at;
  const w = job.weights + at;
  const rate = load<f32>(job.learningRates + (step << 2));
  const decay = column(job.weightDecays, step, 0);
  if (factor < 1) scale(g, bytes, factor);
  if (job.correction) addArray(g, job.correction + at, bytes);
  if (decay != 0) {
    if (job.optimizer == ADAM_W) scale(w, bytes, <f32>(1 - <f64>rate * <f64>decay));
    else addScaled(g, w, bytes, decay);
  }
  const beta1 = load<f64>(job.constants);
  const beta2 = load<f64>(job.constants, 8);
  const epsilon = load<f64>(job.constants, 16);
  switch (job.optimizer) {
    case MOMENTUM:
    case NESTEROV: {
      const beta = column(job.momenta, step, <f32>load<f64>(job.constants, 24));
      momentum(w, g, job.v + at, bytes, rate, beta, job.optimizer == NESTEROV);
      return;
    }
    case ADAM:
    case ADAM_W: {
      const size = <f32>(<f64>rate / (1 - power1));
      const root = <f32>Math.sqrt(1 - power2);
      adam(w, g, job.m + at, job.v + at, bytes, size, root, beta1, beta2, epsilon);
      return;
    }
    case ADAGRAD:
    case RMS_PROP:
      divideByRoot(w, g, job.v + at, bytes, rate, job.optimizer == RMS_PROP, beta2, epsilon);
      return;
    default:
      sgd(w, g, bytes, rate);
  }
}

/** Value of `step` in a column of the step table, or `otherwise` where the column was left out. */
@inline function column(values: usize, step: usize, otherwise: f32): f32 {
  return values ? load<f32>(values + (step << 2)) : otherwise;
}

@inline function partStart(job: Job, part: u32): usize {
  const layer = layerOf(job, part >> 1);
  return part & 1 ? layer.biases : layer.weights;
}

@inline function partBytes(job: Job, part: u32): usize {
  const layer = layerOf(job, part >> 1);
  return part & 1 ? <usize>layer.stride << 2 : <usize>(layer.biases - layer.weights);
}
