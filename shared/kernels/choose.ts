/** Which kernels a run uses. All give the same bits, so this is a matter of speed alone. */
import type { Kernels } from './kernels.js';
import { referenceKernels } from './reference/reference.js';

export const kernelNames = ['reference'] as const;
export type KernelsName = (typeof kernelNames)[number];

/** The kernels of a name. */
export function chooseKernels(name: KernelsName): Kernels {
  switch (name) {
    case 'reference':
      return referenceKernels;
  }
}
