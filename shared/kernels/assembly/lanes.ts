/** Short names for the float32 operations that every kernel is made of: each rounds once, none is fused or relaxed. */
@inline export function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

@inline export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

@inline export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

@inline export function zero(): v128 {
  return f32x4.splat(0);
}

/**
 * What becomes of a finished sum. The three are types so that each kernel is compiled once for each, without a branch:
 * the compiler tells them apart by their size.
 */
export type AddBias = u8; // out = sum ⊕ other
export type Store = u16; // out = sum
export type Descend = u32; // out = out ⊖ η ⊗ sum

@inline export function finish<Ending>(out: usize, other: usize, rate: v128, sum: v128): void {
  if (sizeof<Ending>() == sizeof<AddBias>()) v128.store(out, add(sum, v128.load(other)));
  else if (sizeof<Ending>() == sizeof<Store>()) v128.store(out, sum);
  else v128.store(out, sub(v128.load(out), mul(rate, sum)));
}

/**
 * `finish` in two halves for short sums: `begin` fetches before the sum what `finishHeld` needs after it, so that waiting for
 * memory and for a mispredicted end of the loop overlap.
 */
@inline export function begin<Ending>(out: usize, other: usize): v128 {
  if (sizeof<Ending>() == sizeof<AddBias>()) return v128.load(other);
  else if (sizeof<Ending>() == sizeof<Store>()) return zero();
  else return v128.load(out);
}

@inline export function finishHeld<Ending>(out: usize, held: v128, rate: v128, sum: v128): void {
  if (sizeof<Ending>() == sizeof<AddBias>()) v128.store(out, add(sum, held));
  else if (sizeof<Ending>() == sizeof<Store>()) v128.store(out, sum);
  else v128.store(out, sub(held, mul(rate, sum)));
}
