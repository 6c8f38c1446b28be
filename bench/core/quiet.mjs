/**
 * Measurements taken while nobody else computes. Where two virtual cores share a physical one, a busy neighbour halves the
 * rate of SIMD code, so a median over interleaved rounds is not enough. Linux only; elsewhere every measurement counts.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Cores that may be busy beside the one that is measured. */
const TOLERATED = 0.2;
const ATTEMPTS = 200;

export const discarded = { count: 0, kept: 0, noisy: 0 };

/** Busy time of all cores in seconds since boot, time stolen by the hypervisor with it. */
function busySeconds() {
  try {
    const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number);
    return (user + nice + system + irq + softirq + steal) / 100;
  } catch {
    return undefined;
  }
}

/** Runs `measure` until at most `cores` cores and a fifth were busy meanwhile; gives up after many attempts and keeps the last. */
export async function quietly(cores, measure) {
  for (let attempt = 1; ; attempt++) {
    const [busy, start] = [busySeconds(), performance.now()];
    const result = await measure();
    const used = busy === undefined ? 0 : ((busySeconds() - busy) * 1000) / (performance.now() - start);
    if (used <= cores + TOLERATED) {
      discarded.kept++;
      return result;
    }
    if (attempt === ATTEMPTS) {
      discarded.noisy++;
      return result;
    }
    discarded.count++;
    await delay(500);
  }
}
