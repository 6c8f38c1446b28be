import { decodeBase64 } from 'fedtempo/shared/kernels/base64.js';
import { defaultKernels, isWasmSupported, prepareWasm, wasmBytes, wasmKernels } from 'fedtempo/shared/kernels/wasm.js';
import { expect, test } from 'vitest';
import { opcodesOf } from '../support/wasm-opcodes.js';

const F32X4_MUL = 0xfd000 + 230;
/** Relaxed SIMD takes the numbers from 256 on; its results differ between processors. */
const RELAXED = 0xfd000 + 256;

test('the module has SIMD instructions and none of them is relaxed', () => {
  const opcodes = opcodesOf(wasmBytes());
  expect(opcodes).toContain(F32X4_MUL);
  expect([...opcodes].filter((opcode) => opcode >= RELAXED)).toEqual([]);
});

test('the check for relaxed instructions sees one', () => {
  // One function: local.get 0 three times, f32x4.relaxed_madd (0xfd 0x85 0x02), end.
  const code = [0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 0x02, 0x0b];
  const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, code.length + 3, 1, code.length + 1, 0, ...code];
  expect([...opcodesOf(Uint8Array.from(module))].some((opcode) => opcode >= RELAXED)).toBe(true);
});

test('base64 decodes to the same bytes as the engine gives', () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 73 + length * 31) & 0xff);
    expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
  }
});

test('the default kernels are the fast ones where SIMD is there', async () => {
  await prepareWasm();
  expect(isWasmSupported()).toBe(true);
  expect(defaultKernels()).toBe(wasmKernels);
});
