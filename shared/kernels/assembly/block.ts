/** Between the host's flat parameters and a padded block: W [inputs × outputs] to [inputs × stride], and b alike. */
import { Job, layerOf } from './job';

export function pack(job: Job, block: usize): void {
  copyAll(job, block, true);
}

export function unpack(job: Job, block: usize): void {
  copyAll(job, block, false);
}

/** Padding columns are never written here, so they stay zero from when the block was made. */
function copyAll(job: Job, block: usize, inward: bool): void {
  let flat = job.flat;
  for (let index: u32 = 0; index < job.layerCount; index++) {
    const layer = layerOf(job, index);
    const row = <usize>layer.outputs << 2;
    const padded = <usize>layer.stride << 2;
    const place = block + layer.weights;
    if (row == padded) copy(place, flat, row * layer.inputs, inward);
    else for (let k: usize = 0; k < layer.inputs; k++) copy(place + k * padded, flat + k * row, row, inward);
    flat += row * layer.inputs;
    copy(block + layer.biases, flat, row, inward);
    flat += row;
  }
}

/** Short rows are copied word by word: a bulk copy of 40 bytes costs more in the call than in the copying. */
@inline function copy(padded: usize, flat: usize, bytes: usize, inward: bool): void {
  const from = inward ? flat : padded;
  const to = inward ? padded : flat;
  if (bytes > 256) {
    memory.copy(to, from, bytes);
    return;
  }
  for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
}
