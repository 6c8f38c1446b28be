/** Which kernels a run uses. All give the same bits, so this is a matter of speed alone. */
import type { Kernels } from './kernels.js';
import { referenceKernels } from './reference/reference.js';
import { defaultKernels, wasmKernels } from './wasm.js';

/** `auto` takes WebAssembly where the engine has SIMD, else the reference. */
export const kernelNames = ['auto', 'wasm', 'reference'] as const;
export type KernelsName = (typeof kernelNames)[number];

/** The kernels of a name. */
export function chooseKernels(name: KernelsName): Kernels {
  switch (name) {
    case 'auto':
      return defaultKernels();
    case 'wasm':
      return wasmKernels;
    case 'reference':
      return referenceKernels;
  }
}
