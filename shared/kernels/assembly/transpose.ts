/** Transposition in blocks of 4 × 4. Both matrices must have room for whole blocks. */

/** to [columns × rows] = from [rows × columns]ᵀ; strides in bytes; rows and columns are rounded up to 4. */
export function transpose(from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    let source = from + <usize>i * fromStride;
    let target = to + (<usize>i << 2);
    for (let j: u32 = 0; j < columns; j += 4) {
      const r0 = v128.load(source);
      const r1 = v128.load(source + fromStride);
      const r2 = v128.load(source + 2 * fromStride);
      const r3 = v128.load(source + 3 * fromStride);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(target + toStride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      v128.store(target + 2 * toStride, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      v128.store(target + 3 * toStride, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
      source += 16;
      target += 4 * toStride;
    }
  }
}
