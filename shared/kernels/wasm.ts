/**
 * The fast kernels: AssemblyScript compiled to WebAssembly SIMD (./assembly), inlined as base64 so that Node, worker
 * threads and browsers load the same bytes. Bit for bit equal to the reference kernels.
 *
 * Each core has an instance and a memory of its own, so threads share nothing. Compiling takes about a millisecond and
 * happens once a thread; browsers admit it on their main thread too, the module being small, but `prepareWasm` is there for
 * engines that refuse (the limit is 4 KiB on some).
 */
import type { Model } from '../model/model.js';
import { decodeBase64 } from './base64.js';
import { moduleBase64 } from './generated/module.js';
import type { Core, Kernels } from './kernels.js';
import { referenceKernels } from './reference/reference.js';
import { WasmCore } from './wasm-core.js';
import { type WasmModule, webAssembly } from './webassembly.js';

/** Room for shards that may come back, per core: 128 MiB. A larger shard is held alone. */
const DEFAULT_SHARD_BYTES = 128 * 2 ** 20;

let compiled: WasmModule | undefined;

/** The module's bytes. */
export function wasmBytes(): Uint8Array {
  return decodeBase64(moduleBase64);
}

/** Whether this engine runs the module: WebAssembly with 128-bit SIMD. */
export function isWasmSupported(): boolean {
  return webAssembly()?.validate(wasmBytes()) ?? false;
}

/** Compiles the module asynchronously, for a browser's main thread; afterwards `wasmKernels` needs no compilation. */
export async function prepareWasm(): Promise<void> {
  compiled ??= await engine().compile(wasmBytes());
}

export const wasmKernels: Kernels = {
  name: 'wasm',
  createCore: (model, keepBytes) => createWasmCore(model, keepBytes),
};

/** A core with its own bound on what shards may occupy, `shardBytes`. */
export function createWasmCore(model: Model, shardBytes = DEFAULT_SHARD_BYTES): Core {
  compiled ??= new (engine().Module)(wasmBytes());
  return new WasmCore(model, new (engine().Instance)(compiled), shardBytes);
}

/** The fast kernels where the engine has SIMD, else the reference: the bits are the same. */
export function defaultKernels(): Kernels {
  return isWasmSupported() ? wasmKernels : referenceKernels;
}

function engine() {
  const api = webAssembly();
  if (api === undefined) throw new Error('this engine has no WebAssembly; use the reference kernels');
  return api;
}
