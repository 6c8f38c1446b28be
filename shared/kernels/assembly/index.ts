/** What the module exports. The host writes a `Job` into the arena and passes its address. */
import { pack as packBlock, unpack as unpackBlock, unpackDifference as unpackDifferenceOf } from './block';
import { Job } from './job';
import { evaluate as evaluateJob, train as trainJob } from './train';

export function pack(job: usize, block: usize): void {
  packBlock(changetype<Job>(job), block);
}

export function unpack(job: usize, block: usize): void {
  unpackBlock(changetype<Job>(job), block);
}

/** flat = block − start, both in the layout of blocks. */
export function unpackDifference(job: usize, block: usize, start: usize): void {
  unpackDifferenceOf(changetype<Job>(job), block, start);
}

export function train(job: usize): f64 {
  return trainJob(changetype<Job>(job));
}

export function evaluate(job: usize): f64 {
  return evaluateJob(changetype<Job>(job));
}

export { countBytes, expandBytes, listBytes } from './bytes';

/** The dense product alone, for the benchmark: c [rows × width] = a [rows × n] · panels ⊕ bias. */
export { product } from './product';
