/**
 * A million mutated frames through everything that reads frames, as coordinator and as client: each is taken, or refused as
 * PROTOCOL_MALFORMED, and memory stays where it was after the first of them.
 *
 *   node test/soak/fuzz-frames.mjs [--frames N] [--seed N] [--quick]
 */
import { parseArgs } from 'node:util';
import { decodeEverywhere, frameMutator } from '../support/mutate-frame.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
});
const frames = values.quick ? 50_000 : Number(values.frames);
const seed = Number(values.seed);
const MAX_GROWTH_MB = 50;

const next = frameMutator(seed);
const megabytes = () => process.memoryUsage.rss() / 2 ** 20;
const taken = { client: 0, server: 0, sealed: 0 };
const warmUp = Math.min(100_000, frames / 2);
let [warm, highest, defect, slowestMs] = [0, 0, undefined, 0];
const began = performance.now();
let count = 0;
try {
  for (; count < frames; count++) {
    const frame = next();
    const start = performance.now();
    const by = decodeEverywhere(frame);
    slowestMs = Math.max(slowestMs, performance.now() - start);
    for (const name of by) taken[name] += 1;
    if (count === warmUp) warm = megabytes();
    // Without asking the collector first: what is not given back in time counts.
    if (count >= warmUp && count % 10_000 === 0) highest = Math.max(highest, megabytes());
  }
} catch (error) {
  defect = `${error.message}: ${error.cause?.stack ?? ''}`;
}
const growthMb = Math.max(highest, megabytes()) - warm;
const ok = defect === undefined && growthMb < MAX_GROWTH_MB;
const figures = {
  ...{ soak: 'fuzz-frames', ok, frames: count, seed, taken },
  ...{ warmMb: Math.round(warm), growthMb: Number(growthMb.toFixed(1)) },
  ...{ slowestMs: Number(slowestMs.toFixed(1)), seconds: Number(((performance.now() - began) / 1000).toFixed(1)) },
  defect,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exitCode = ok ? 0 : 1;
